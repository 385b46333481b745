// Sorting of plain tables; every page is complete without it. The leaderboard has scripts of its own.
"use strict";
(() => {
  const here = window.restobench;
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  /** Orders two values; what is missing (null) stays last in both directions. */
  here.compare = (a, b, numeric, direction) => {
    if (a === null || b === null) return (a === null) - (b === null);
    const order = numeric ? (a === b ? 0 : a < b ? -1 : 1) : collator.compare(a, b);
    return direction === "ascending" ? order : -order;
  };

  /** Makes the heads of a table buttons; `act(header, direction)` sorts. */
  here.sortHeads = (headers, act) => {
    for (const header of headers) {
      const button = here.make("button", { type: "button" }, ...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        const first = header.dataset.first || "ascending";
        const other = first === "ascending" ? "descending" : "ascending";
        act(header, header.getAttribute("aria-sort") === first ? other : first);
      });
    }
  };

  const value = (row, column, numeric) => {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    if (text === "") return null;
    return numeric ? Number(text) : text;
  };

  const sort = (table, header, direction) => {
    const headers = [...table.tHead.rows[0].cells];
    const column = headers.indexOf(header);
    const numeric = header.dataset.sort === "number";
    for (const item of headers) item.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction);
    for (const body of table.tBodies) {
      const keyed = [...body.rows].map((row) => [value(row, column, numeric), row]);
      keyed.sort((a, b) => here.compare(a[0], b[0], numeric, direction));
      body.append(...keyed.map((pair) => pair[1]));
    }
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    here.sortHeads([...table.tHead.rows[0].cells], (header, direction) => sort(table, header, direction));
  }
})();
