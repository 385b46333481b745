// Sorting and filtering; the page is complete without it.
"use strict";
(() => {
  const board = document.getElementById("board");
  const body = board.tBodies[0];
  const headers = [...board.tHead.rows[0].cells];
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  const key = (row, column, numeric) => {
    const value = row.cells[column].dataset.value;
    if (value === "") return null;
    return numeric ? Number(value) : value;
  };

  const compare = (a, b, numeric, direction) => {
    if (a === null || b === null) return (a === null) - (b === null); // what is missing stays last
    const order = numeric ? (a === b ? 0 : a < b ? -1 : 1) : collator.compare(a, b);
    return direction === "ascending" ? order : -order;
  };

  const sort = (column) => {
    const header = headers[column];
    const numeric = header.dataset.sort === "number";
    const first = header.dataset.first || "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const direction = header.getAttribute("aria-sort") === first ? other : first;
    for (const item of headers) item.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction);
    const rows = [...body.rows].map((row) => [key(row, column, numeric), row]);
    rows.sort((a, b) => compare(a[0], b[0], numeric, direction));
    board.classList.add("sorted");
    body.append(...rows.map((pair) => pair[1]));
  };

  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => sort(column));
  });

  const form = document.querySelector(".filters");
  const set = document.getElementById("filter-set");
  const text = document.getElementById("filter-text");
  const count = document.getElementById("filter-count");

  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of body.rows) {
      const content = row.dataset.text.toLowerCase();
      row.hidden = (set.value !== "" && row.dataset.set !== set.value) || !words.every((word) => content.includes(word));
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${body.rows.length} rows`;
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filter);
  filter();

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
