// Draws rows of the leaderboard: a page of them, never all.
"use strict";
(() => {
  const { make } = window.restobench;

  const bar = ([mean, low, high, best]) => {
    const element = make("span", { class: "drawn", "aria-hidden": "true" });
    for (const [name, value] of Object.entries({ mean, low, high: 100 - high, best })) if (value !== null) element.style.setProperty(`--${name}`, `${value}%`);
    return element;
  };

  const under = (found, numbers) => {
    const line = make("span", { class: "under" });
    if (found.marks || found.interval) {
      line.append(make("small", { class: "rank" }, make("span", { class: "visually-hidden" }, found.best ? "best, rank " : "rank "), found.ranks));
    }
    if (numbers && found.interval) line.append(make("small", { class: "interval" }, found.interval));
    else if (found.marks) line.append(bar(found.marks));
    return line;
  };

  const linked = (address, text) => (address ? make("a", { href: address }, text) : text);

  /** One cell as an element; `found` is what the view says of it. */
  const cell = (found, column, numbers) => {
    const element = make("td", { class: column.numeric ? "num" : column.key, title: found.tip || null });
    element.dataset.value = found.value ?? "";
    if (found.best) element.classList.add("best");
    if (found.tied) element.classList.add("tied");
    if (found.bad) element.classList.add("bad");
    if (found.value === null && found.text === "–") {
      element.append(make("span", { class: "muted" }, "–"));
      return element;
    }
    if (found.tied) element.append(make("span", { class: "eq", title: "not told apart from the best" }, "="));
    element.append(make("span", { class: "mean" }, found.text));
    if (found.tag) element.append(" ", make("span", { class: "tag warn" }, found.tag));
    if (found.ranks) element.append(under(found, numbers));
    else if (found.under) element.append(make("small", {}, found.under));
    return element;
  };

  const name = (found, pinned, pin) => {
    const mark = make("button", {
      type: "button", class: "pin", "aria-pressed": String(pinned), title: pinned ? "No longer on top" : "Keep on top", "aria-label": `Keep ${found.text} on top`,
    }, pinned ? "★" : "☆");
    mark.addEventListener("click", () => pin(found.text));
    return make("th", { scope: "row", "data-value": found.text }, mark, linked(found.link, found.text));
  };

  const head = (group, span) => make("tr", { class: "group" }, make("th", { scope: "rowgroup", colspan: span },
    make("span", { class: "group-title" }, linked(group.link, group.title), " ", make("span", { class: "muted" }, group.note ?? ""))));

  /** Fills a table with the rows given: [[group, rows], ...]. */
  window.restobench.drawRows = (table, view, columns, groups, { numbers, pins, pin }) => {
    for (const body of [...table.tBodies]) body.remove();
    const bodies = groups.map(([group, rows]) => {
      const body = make("tbody", { "data-set": group.key });
      if (group.title) body.append(head(group, columns.length));
      for (const row of rows) {
        const line = make("tr");
        const restorer = view.restorer(row).name;
        line.dataset.restorer = restorer;
        const pinned = pins.has(restorer);
        if (pinned) line.className = "pinned";
        for (const column of columns) {
          const found = view.cell(row, column);
          line.append(column.key === "restorer" ? name(found, pinned, pin) : cell(found, column, numbers));
        }
        body.append(line);
      }
      return body;
    });
    table.append(...bodies);
  };

  /** The heads of the columns; a click sorts. */
  window.restobench.drawHeads = (table, columns, act) => {
    const row = table.tHead.rows[0];
    row.replaceChildren(...columns.map((column) => {
      const header = make("th", {
        scope: "col", class: column.numeric ? "num" : null, "data-key": column.key, "data-sort": column.numeric ? "number" : "text",
        "data-first": column.first, title: column.tip || null,
      }, column.label);
      if (column.metric) {
        const { higher, unit } = column.metric;
        header.append(" ", make("span", { class: "nowrap" }, make("span", { "aria-hidden": "true" }, higher ? "↑" : "↓"),
          make("span", { class: "visually-hidden" }, higher ? "higher is better" : "lower is better"), ...(unit ? [" ", make("small", {}, unit)] : [])));
      } else if (column.unit) header.append(" ", make("small", { class: "nowrap" }, column.unit));
      return header;
    }));
    window.restobench.sortHeads([...row.cells], act);
  };
})();
