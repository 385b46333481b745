// Sorting, filtering and choosing columns of tables; every page is complete without it.
"use strict";
(() => {
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  const value = (row, column, numeric) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    if (text === "") return null;
    return numeric ? Number(text) : text;
  };

  const compare = (a, b, numeric, direction) => {
    if (a === null || b === null) return (a === null) - (b === null); // what is missing stays last
    const order = numeric ? (a === b ? 0 : a < b ? -1 : 1) : collator.compare(a, b);
    return direction === "ascending" ? order : -order;
  };

  /** Sorts the rows within each group of a table; the row that heads a group stays first. */
  const sort = (table, header, direction) => {
    const headers = [...table.tHead.rows[0].cells];
    const column = headers.indexOf(header);
    const numeric = header.dataset.sort === "number";
    for (const item of headers) item.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction);
    for (const body of table.tBodies) {
      const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
      const keyed = rows.map((row) => [value(row, column, numeric), row]);
      keyed.sort((a, b) => compare(a[0], b[0], numeric, direction));
      body.append(...keyed.map((pair) => pair[1]));
    }
  };

  const sortable = (table, sorted = () => {}) => {
    for (const header of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        const first = header.dataset.first || "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        const direction = header.getAttribute("aria-sort") === first ? other : first;
        sort(table, header, direction);
        sorted(header, direction);
      });
    }
  };

  document.querySelectorAll("table.sortable").forEach((table) => sortable(table));
  const board = document.getElementById("board");
  if (board) leaderboard(board);

  function leaderboard(table) {
    const headers = [...table.tHead.rows[0].cells];
    const form = document.querySelector(".filters");
    const names = ["q", "set", "task", "licence", "parameters", "seconds"];
    const fields = Object.fromEntries(names.map((name) => [name, document.getElementById(`filter-${name}`)]).filter((pair) => pair[1]));
    const count = document.getElementById("filter-count");
    const rows = [...table.querySelectorAll("tbody tr:not(.group)")];
    const place = Object.fromEntries(headers.map((header, column) => [header.dataset.key, column]));
    const wanted = (name) => fields[name]?.value ?? "";

    const small = (row, name) => {
      const limit = wanted(name);
      const found = value(row, place[name], true);
      return limit === "" || (found !== null && found <= Number(limit));
    };

    const filter = () => {
      const words = wanted("q").toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        const group = row.parentElement.dataset;
        const text = row.dataset.text.toLowerCase();
        const fits = (name, content) => wanted(name) === "" || wanted(name) === content;
        row.hidden = !(fits("set", group.set) && fits("task", group.task) && fits("licence", row.dataset.licence) &&
          small(row, "parameters") && small(row, "seconds") && words.every((word) => text.includes(word)));
        shown += !row.hidden;
      }
      for (const body of table.tBodies) body.hidden = [...body.rows].slice(1).every((row) => row.hidden);
      count.textContent = `${shown} of ${rows.length} rows`;
    };

    // ---- columns
    const menu = document.getElementById("columns");
    const offer = (name, text, act) => {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.value = name;
      label.append(box, ` ${text}`);
      menu.append(label);
      box.addEventListener("change", () => {
        act();
        remember();
      });
      return box;
    };
    const columns = headers.slice(1).map((header) =>
      offer(header.dataset.key, header.dataset.key, () => show()));
    const numbers = offer("numbers", "intervals as numbers", () => show());

    const show = () => {
      columns.forEach((box, place) => {
        for (const row of table.rows) {
          const cell = row.cells[place + 1];
          if (cell) cell.hidden = !box.checked;
        }
      });
      const spans = 1 + columns.filter((box) => box.checked).length;
      for (const cell of table.querySelectorAll(".group th")) cell.colSpan = spans;
      table.classList.toggle("numbers", numbers.checked);
    };

    // ---- the address
    const remember = () => {
      const hidden = columns.filter((box) => !box.checked).map((box) => box.value);
      const sorted = headers.find((header) => header.hasAttribute("aria-sort"));
      window.permalink.write({
        ...Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value])),
        hide: hidden.length ? hidden.join(" ") : null,
        numbers: numbers.checked ? 1 : null,
        sort: sorted ? `${sorted.dataset.key} ${sorted.getAttribute("aria-sort")}` : null,
      });
    };

    const restore = () => {
      const values = window.permalink.read();
      for (const [name, field] of Object.entries(fields)) {
        field.value = values.get(name) ?? "";
        if (field.selectedIndex === -1) field.value = "";
      }
      const hidden = (values.get("hide") ?? "").split(" ");
      for (const box of columns) box.checked = !hidden.includes(box.value);
      numbers.checked = values.get("numbers") === "1";
      const [, key, direction] = /^(.*) (ascending|descending)$/.exec(values.get("sort") ?? "") ?? [];
      const header = headers.find((item) => item.dataset.key === key);
      if (header) sort(table, header, direction);
      show();
      filter();
      if ([...values].length) document.getElementById("leaderboard").scrollIntoView();
    };

    sortable(table, remember);
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const field of Object.values(fields)) {
      field.addEventListener("input", () => {
        filter();
        remember();
      });
    }
    addEventListener("hashchange", () => location.hash.includes("=") && restore());
    restore();
  }

  // what is folded up would be missing on paper
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const item of opened) item.open = true;
  });
  addEventListener("afterprint", () => {
    for (const item of opened) item.open = false;
  });
})();
