// The leaderboard: views, filters, sorting, pinned rows, columns, pages of rows; all kept in the address.
"use strict";
(() => {
  const here = window.restobench;
  const table = document.getElementById("board");
  if (!table || !here.data) return;
  const { data, make, permalink } = here;
  const CELLS = 450; // of a page of rows: what a browser lays out at once
  const NAMES = ["q", "view", "set", "task", "licence", "parameters", "seconds"];
  const form = document.querySelector(".filters");
  const fields = Object.fromEntries(NAMES.map((name) => [name, document.getElementById(`filter-${name}`)]).filter((pair) => pair[1]));
  const count = document.getElementById("filter-count");
  const menu = document.getElementById("columns");
  const pager = document.getElementById("pager");
  const wanted = (name) => fields[name]?.value ?? "";

  let view = null;
  let shown = []; // what the filters leave: [[group, rows], ...], sorted
  const state = { sort: null, pins: new Set(), hidden: new Set(), numbers: false, page: 0 };

  // ---- what is shown

  const columns = () => view.columns.filter((column) => {
    if (state.hidden.has(column.key)) return false;
    return !view.sets || !column.of || ((!wanted("set") || wanted("set") === column.set) && (!wanted("task") || wanted("task") === column.task));
  });

  const small = (row, name, place) => {
    const limit = wanted(name);
    if (limit === "" || !row.of) return true;
    const value = row.of.costs[row.place][place]?.[1];
    return typeof value === "number" && value <= Number(limit);
  };

  const passes = () => {
    const words = wanted("q").toLowerCase().split(/\s+/).filter(Boolean);
    const licence = wanted("licence");
    const fits = data.restorers.map((restorer) => {
      const text = `${restorer.name} ${restorer.licence}`.toLowerCase();
      return (licence === "" || licence === (restorer.mark || "open")) && words.every((word) => text.includes(word));
    });
    return (row) => fits[row.restorer] && small(row, "parameters", 2) && small(row, "seconds", 0);
  };

  const sorted = (rows) => {
    const column = state.sort && columns().find((item) => item.key === state.sort.key);
    const keyed = rows.map((row, place) => [column ? view.cell(row, column).value : place, state.pins.has(view.restorer(row).name), row]);
    const direction = column ? state.sort.direction : "ascending";
    const numeric = column ? column.numeric : true;
    keyed.sort((a, b) => b[1] - a[1] || here.compare(a[0], b[0], numeric, direction));
    return keyed.map((item) => item[2]);
  };

  const select = () => {
    const fits = passes();
    const whole = (group) => (!wanted("set") || group.set === undefined || group.set === wanted("set")) && (!wanted("task") || group.task === undefined || group.task === wanted("task"));
    shown = view.groups.filter(whole).map((group) => [group, sorted(group.rows.filter(fits))]).filter((pair) => pair[1].length);
  };

  const rowsOf = () => Math.max(20, Math.floor(CELLS / columns().length));

  /** The rows of a page, in their groups. */
  const page = () => {
    const [first, most] = [state.page * rowsOf(), rowsOf()];
    const found = [];
    let place = 0;
    for (const [group, rows] of shown) {
      const part = rows.slice(Math.max(0, first - place), Math.max(0, first + most - place));
      if (part.length) found.push([group, part]);
      place += rows.length;
    }
    return found;
  };

  const draw = () => {
    view.sorted = state.sort?.key ?? "";
    const pinned = state.pins.size === 1 ? data.restorers.findIndex((restorer) => state.pins.has(restorer.name)) : -1;
    const known = data.groups.some((group) => Object.values(group.pairs).some((pairs) => pairs.length));
    view.versus = pinned >= 0 && known ? pinned : null;
    select();
    const left = shown.reduce((sum, pair) => sum + pair[1].length, 0);
    const pages = Math.max(1, Math.ceil(left / rowsOf()));
    state.page = here.clamp(state.page, 0, pages - 1);
    const heads = columns();
    here.drawHeads(table, heads, (header, direction) => {
      change({ sort: { key: header.dataset.key, direction } });
      table.querySelector(`th[data-key="${CSS.escape(header.dataset.key)}"] button`)?.focus();
    });
    const header = state.sort && [...table.tHead.rows[0].cells].find((item) => item.dataset.key === state.sort.key);
    if (header) header.setAttribute("aria-sort", state.sort.direction);
    here.drawRows(table, view, heads, page(), { numbers: state.numbers, pins: state.pins, pin });
    count.textContent = `${left} of ${view.count} rows`;
    drawPager(pages, left);
    table.classList.toggle("numbers", state.numbers);
    fits();
    document.dispatchEvent(new CustomEvent("restobench:rows"));
  };

  const drawPager = (pages, left) => {
    pager.hidden = pages < 2;
    const go = (to) => () => {
      change({ page: to });
      table.closest(".scroll").scrollTop = 0;
      (pager.querySelector("button:not([disabled])") ?? pager).focus();
    };
    const first = state.page * rowsOf();
    const last = Math.min(left, first + rowsOf());
    pager.replaceChildren(
      here.button("← earlier rows", "← earlier rows", go(state.page - 1), { disabled: state.page === 0 }),
      make("span", {}, `rows ${first + 1} to ${last} of ${left}`),
      here.button("later rows →", "later rows →", go(state.page + 1), { disabled: state.page === pages - 1 }));
  };

  // where the table is not wider than the page, its head may stick to the window
  const fits = () => table.closest(".scroll").classList.toggle("fits", table.scrollWidth <= table.closest(".scroll").clientWidth);
  new ResizeObserver(fits).observe(table.closest(".scroll"));

  const pin = (name) => {
    if (!state.pins.delete(name)) state.pins.add(name);
    draw();
    remember();
    table.querySelector(`tr[data-restorer="${CSS.escape(name)}"] .pin`)?.focus();
  };

  const change = (changes) => {
    Object.assign(state, { page: 0 }, changes);
    draw();
    remember();
  };

  // ---- the menu of columns

  const offer = (value, text, checked, act) => {
    const box = make("input", { type: "checkbox", value });
    box.checked = checked;
    box.addEventListener("change", () => act(box.checked));
    menu.append(make("label", {}, box, ` ${text}`));
  };

  const drawMenu = () => {
    menu.replaceChildren(menu.querySelector("legend"));
    for (const column of view.columns.slice(1)) {
      offer(column.key, column.label, !state.hidden.has(column.key), (on) => {
        state.hidden[on ? "delete" : "add"](column.key);
        change({ page: state.page });
      });
    }
    offer("numbers", "intervals as numbers", state.numbers, (on) => change({ numbers: on, page: state.page }));
  };

  // ---- the address

  const remember = () => permalink.write({
    ...Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value])),
    hide: [...state.hidden].join("\n") || null, numbers: state.numbers ? 1 : null, pin: [...state.pins].join("\n") || null,
    sort: state.sort ? `${state.sort.key} ${state.sort.direction}` : null, rows: state.page ? state.page + 1 : null,
  });

  const restore = () => {
    const values = permalink.read();
    for (const [name, field] of Object.entries(fields)) {
      field.value = values.get(name) ?? "";
      if (field.selectedIndex === -1) field.value = "";
    }
    const listed = (name) => new Set((values.get(name) ?? "").split("\n").filter(Boolean));
    const [, key, direction] = /^(.*) (ascending|descending)$/s.exec(values.get("sort") ?? "") ?? [];
    view = here.boardView(data, wanted("view"));
    Object.assign(state, {
      pins: listed("pin"), hidden: listed("hide"), numbers: values.get("numbers") === "1", page: Math.max(0, Number(values.get("rows") ?? 1) - 1 || 0),
      sort: view.columns.some((column) => column.key === key) ? { key, direction } : null,
    });
    drawMenu();
    draw();
    if ([...values].length) document.getElementById("leaderboard").scrollIntoView();
  };

  const reset = () => {
    for (const field of Object.values(fields)) field.value = "";
    permalink.write(Object.fromEntries([...NAMES, "hide", "numbers", "pin", "sort", "rows"].map((name) => [name, null])));
    restore();
    fields.q.focus();
  };

  for (const element of document.querySelectorAll(".filters, .board-more")) element.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("filter-reset").addEventListener("click", reset);
  for (const [name, field] of Object.entries(fields)) {
    field.addEventListener("input", () => {
      if (name === "view") {
        view = here.boardView(data, field.value);
        state.hidden.clear();
        drawMenu();
      }
      const kept = view.columns.some((column) => column.key === state.sort?.key);
      change({ sort: kept ? state.sort : null });
    });
  }
  addEventListener("hashchange", () => location.hash.includes("=") && restore());
  here.boardShown = () => ({ view, columns: columns(), groups: shown, numbers: state.numbers });
  restore();
})();
