"""The leaderboard as LaTeX tables in the layout of papers (booktabs).

Best in bold, second underlined.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from harness.atomic import atomic_file
from harness.protocols.report import ReportData
from reports.paper import Figure, PaperTable, Row, card_of, paper_tables
from reports.wording import DASH, plain

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}", "'": r"\textquotesingle{}", "|": r"\textbar{}",
    # after the \\ of the line above these would be its arguments
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip


_WIDE = 7
"""Columns of figures that one column of a paper does not hold."""

_COSTS = {"parameters": "params", "operations": "operations", "seconds": "s"}


class LatexReport:
    r"""One file with a `table` for each task, for `\input`: restorers x sets, metrics in a cell.

    It needs the packages booktabs, graphicx and textcomp.
    """

    name: ClassVar[str] = "latex"
    suffix: ClassVar[str] = ".tex"

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the file."""
        tables = ["\n".join(_table(report, table)) for table in paper_tables(report)]
        text = "\n\n".join([r"% \usepackage{booktabs,graphicx,textcomp}", *tables])
        with atomic_file(out, pipes=True) as partial:
            partial.write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")
        return out


def escape(text: object) -> str:
    """Makes any text inert in LaTeX: every special character is escaped, and it is one line."""
    return "".join(_SPECIAL.get(letter, letter) for letter in " ".join(plain(text).split()))


def _table(report: ReportData, table: PaperTable) -> Iterator[str]:
    figures = len(table.columns) * len(table.metrics)
    environment = "table*" if figures + len(table.costs) > _WIDE else "table"
    head = [rf"\multicolumn{{1}}{{c}}{{{escape(name)}}}" for name, _ in table.columns]
    costs = [_COSTS[name] for name in table.costs]
    yield from (rf"\begin{{{environment}}}", r"\centering", _caption(report, table))
    yield rf"\label{{tab:{_label(report.data.run.benchmark)}-{_label(table.task)}}}"
    # a table is as wide as its column at most
    yield r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"
    yield rf"\begin{{tabular}}{{l{'r' * len(costs)}{'c' * len(head)}}}"
    yield from (r"\toprule", rf"method & {' & '.join([*costs, *head])} \\")
    for name, rows in table.blocks.items():
        yield r"\midrule"
        if name:
            yield rf"\multicolumn{{{1 + len(costs) + len(head)}}}{{l}}{{$\times{name[1:]}$}} \\"
        yield from map(_row, rows)
    yield from (r"\bottomrule", r"\end{tabular}}", rf"\end{{{environment}}}")


def _caption(report: ReportData, table: PaperTable) -> str:
    run = report.data.run
    metrics = "/".join(
        rf"{escape(name)} $\{'up' if card_of(report, name).higher_is_better else 'down'}arrow$"
        for name in table.metrics
    )
    images = ", ".join(f"{escape(name)} {count}" for name, count in table.columns)
    of_sets = [name for name in table.metrics if name in report.data.set_scores.cards]
    whole = f"; {escape(', '.join(of_sets))} of the whole set" if of_sets else ""
    doubt = r" and 95\,\% bootstrap interval" if report.intervals else ""
    return (
        rf"\caption{{{escape(table.task)}: {metrics}{doubt}. Means over the images that all have "
        rf"({images}){whole}, evaluation {escape(run.plan.evaluation.get('name', ''))}. "
        r"Best in bold, second underlined.}"
    )


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _row(row: Row) -> str:
    cells = ("/".join(map(_figure, cell)) for cell in row.cells)
    return rf"{' & '.join([escape(row.restorer), *map(_number, row.costs), *cells])} \\"


def _figure(figure: Figure) -> str:
    command = {"best": "textbf", "second": "underline"}.get(figure.place)
    text = rf"\{command}{{{_number(figure.text)}}}" if command else _number(figure.text)
    if not figure.above:
        return text
    even = rf"$\pm${figure.above}"
    sides = rf"$^{{+{figure.above}}}_{{-{figure.below}}}$"
    return rf"{text} {{\scriptsize{even if figure.above == figure.below else sides}}}"


def _number(text: str) -> str:
    return text.replace("−", "$-$").replace("∞", r"$\infty$").replace(DASH, "--")
