// Copies what the leaderboard shows, all pages of it: as CSV, Markdown, LaTeX, or as a link to the same view.
"use strict";
(() => {
  const here = window.restobench;
  const panel = document.getElementById("copied");
  if (!panel || !here.boardShown) return;

  const LATEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "−": "$-$", "∞": "$\\infty$", "–": "--", "↑": "$\\uparrow$", "↓": "$\\downarrow$" };
  const latex = (text) => text.replace(/[\\~^−∞–↑↓]|[&%$#_{}]/g, (found) => LATEX[found] ?? `\\${found}`);
  const markdown = (text) => text.replace(/[\\|`*_<>[\]]/g, "\\$&").replace(/\s+/g, " ");
  // a spreadsheet would run what begins like a formula
  const csv = (text) => `"${(/^[=+\-@\t\r]/.test(text) && isNaN(text) ? `'${text}` : text).replace(/"/g, '""')}"`;

  const heads = (columns) => columns.map((column) => {
    if (column.metric) return `${column.label} ${column.metric.higher ? "↑" : "↓"}${column.metric.unit ? ` (${column.metric.unit})` : ""}`;
    return column.unit ? `${column.label} (${column.unit})` : column.label;
  });

  const lines = ({ view, columns, groups }) => groups.flatMap(([group, rows]) => rows.map((row) => ({
    group: group.title, cells: columns.map((column) => ({ column, ...view.cell(row, column) })),
  })));

  const grouped = (shown) => shown.groups.some(([group]) => group.title);

  // the small print of a cell; that of a score is intervals, and copied where they are read as numbers
  const notes = (cell, numbers) => {
    const found = cell.ranks ? (numbers ? [cell.ranks, cell.interval] : []) : [cell.under, cell.tag];
    return found.filter((text) => text && text !== cell.text).join("; ");
  };

  /** A cell in words; `write` escapes, `bold` marks the best. */
  const worded = (cell, numbers, write, bold) => {
    const [text, note] = [write(cell.text), notes(cell, numbers)];
    return `${cell.tied ? "= " : ""}${cell.best && cell.column.numeric ? bold(text) : text}${note ? ` (${write(note)})` : ""}`;
  };

  const asCSV = (shown) => {
    const table = lines(shown);
    const plain = (cell) => {
      if (!cell.column.numeric) return csv(cell.text);
      return cell.value === null ? (cell.text === "–" ? "" : csv(cell.text)) : String(cell.value);
    };
    const noted = shown.columns.map((_, place) => table.some((line) => notes(line.cells[place], shown.numbers)));
    const both = (list, one, other) => list.flatMap((item, place) => (noted[place] ? [one(item), other(item)] : [one(item)]));
    const first = grouped(shown) ? ["group"] : [];
    const names = [...first, ...both(shown.columns, (column) => column.label, (column) => (column.key === "rank" ? "ranks" : `${column.label} note`))];
    const rows = table.map((line) => [...first.map(() => csv(line.group)), ...both(line.cells, plain, (cell) => csv(notes(cell, shown.numbers)))].join(","));
    return `${names.map(csv).join(",")}\n${rows.join("\n")}\n`;
  };

  const asMarkdown = (shown) => shown.groups.map(([group, rows]) => {
    const body = lines({ ...shown, groups: [[group, rows]] }).map((line) =>
      `| ${line.cells.map((cell) => worded(cell, shown.numbers, markdown, (text) => `**${text}**`)).join(" | ")} |`);
    const title = group.title ? `**${markdown(group.title)}**, ${markdown(group.note ?? "")}\n\n` : "";
    return `${title}| ${heads(shown.columns).map(markdown).join(" | ")} |\n| ${shown.columns.map((column) => (column.numeric ? "---:" : "---")).join(" | ")} |\n${body.join("\n")}\n`;
  }).join("\n");

  const asLaTeX = (shown) => {
    const width = shown.columns.length;
    const bodies = shown.groups.map(([group, rows]) => {
      const note = group.note ? `% ${group.note.replace(/\s+/g, " ")}\n` : "";
      const title = group.title ? `${note}\\multicolumn{${width}}{l}{\\textit{${latex(group.title)}}} \\\\\n` : "";
      return title + lines({ ...shown, groups: [[group, rows]] }).map((line) =>
        `${line.cells.map((cell) => worded(cell, shown.numbers, latex, (text) => `\\textbf{${text}}`)).join(" & ")} \\\\\n`).join("");
    });
    const layout = shown.columns.map((column) => (column.numeric ? "r" : "l")).join("");
    return `% needs \\usepackage{booktabs}\n\\begin{tabular}{${layout}}\n\\toprule\n${heads(shown.columns).map(latex).join(" & ")} \\\\\n\\midrule\n${bodies.join("\\midrule\n")}\\bottomrule\n\\end{tabular}\n`;
  };

  const ways = { CSV: [asCSV, "csv", "text/csv"], Markdown: [asMarkdown, "md", "text/markdown"], LaTeX: [asLaTeX, "tex", "text/x-tex"], link: [() => location.href, "", ""] };

  const show = async (name) => {
    const [make, suffix, type] = ways[name];
    const text = make(here.boardShown());
    const area = here.make("textarea", { readonly: true, rows: name === "link" ? 2 : 10, "aria-label": name === "link" ? "A link to this view" : `The table as ${name}`, spellcheck: "false" });
    area.value = text;
    const said = here.make("output", { "aria-live": "polite" });
    const close = () => {
      panel.replaceChildren();
      document.querySelector(`[data-copy="${name}"]`).focus();
    };
    panel.replaceChildren(area, here.make("div", { class: "buttons" }, said,
      ...(suffix ? [here.button("save as a file", "save as a file", () => here.download(text, `leaderboard.${suffix}`, type))] : []),
      here.button("close", "close", close)));
    panel.onkeydown = (event) => {
      if (event.key === "Escape") close();
    };
    area.focus();
    area.select();
    area.scrollTop = 0;
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "Copied.";
    } catch {
      said.textContent = "Selected: copy it with the keyboard.";
    }
  };

  for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => show(button.dataset.copy));
})();
