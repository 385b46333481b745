// Tables of all images: in place of scores, differences to any restorer of the table; sorting reads what is shown.
"use strict";
(() => {
  const element = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const signed = (value, digits) => (value > 0 ? "+" : value < 0 ? "\u2212" : "") + Math.abs(value).toFixed(digits);

  for (const table of document.querySelectorAll("table[data-paired]")) {
    const digits = Number(table.dataset.digits);
    const names = [...table.tHead.rows[0].cells].slice(1).map((head) => head.dataset.name);
    const rows = [...table.tBodies[0].rows].map((row) =>
      [...row.cells].slice(1).map((cell) => ({ cell, was: [...cell.childNodes], score: cell.dataset.value })));
    const show = (base) => {
      for (const row of rows) {
        for (const { cell, was, score } of row) {
          const gap = Number(score) - Number(row[base]?.score);
          const there = score !== "" && row[base]?.score !== "" && Number.isFinite(gap);
          if (base < 0) cell.replaceChildren(...was);
          else cell.replaceChildren(there ? signed(gap, digits) : "\u2013");
          cell.dataset.value = base < 0 ? score : there ? gap : "";
        }
      }
    };
    const choice = element("select", {}, element("option", { value: -1 }, "scores"),
      ...names.map((name, place) => element("option", { value: place }, `differences to ${name}`)));
    choice.addEventListener("change", () => show(Number(choice.value)));
    table.closest(".scroll").before(element("p", { class: "filters" }, element("label", {}, "Show ", choice)));
  }
})();
