"""The leaderboard as LaTeX tables (booktabs): best in bold, second underlined, as papers have them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from harness.protocols import ReportData
from reports.pivot import Line, SetTable, set_tables
from reports.wording import digits, number, plain

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    '"': r"\textquotedbl{}", "`": r"\textasciigrave{}", "'": r"\textquotesingle{}", "|": r"\textbar{}",
    # after the \\ of the line above these would be its arguments
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip


class LatexReport:
    r"""One file with a `table` for each set, for `\input`; needs the packages booktabs and textcomp."""

    name: ClassVar[str] = "latex"
    suffix: ClassVar[str] = ".tex"

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the file."""
        out.write_text(
            "\n".join(_lines(report)) + "\n", encoding="utf-8", errors="backslashreplace"
        )
        return out


def escape(text: object) -> str:
    """Makes any text inert in LaTeX: every special character is escaped, and it is one line."""
    return "".join(_SPECIAL.get(letter, letter) for letter in " ".join(plain(text).split()))


def _lines(report: ReportData) -> Iterator[str]:
    yield r"% \usepackage{booktabs,textcomp}"
    for table in set_tables(report):
        yield ""
        yield from _table(report, table)


def _table(report: ReportData, table: SetTable) -> Iterator[str]:
    run = report.data.run
    cards = [run.metrics.get(board.metric, {}) for board in table.boards]
    images = max((row.n for board in table.boards for row in board.rows), default=0)
    evaluation = run.plan.get("evaluation") or {}
    yield r"\begin{table}"
    yield r"\centering"
    doubt = r" ($\pm$ half of the 95\,\% bootstrap interval)" if report.intervals else ""
    yield (
        rf"\caption{{{escape(table.set or run.benchmark)}: mean over {images} images{doubt}, "
        rf"evaluation {escape(evaluation.get('name', ''))}. Best in bold, second underlined.}}"
    )
    yield rf"\begin{{tabular}}{{l{'r' * len(cards)}}}"
    yield r"\toprule"
    heads = [
        rf"{escape(board.metric)} $\{'up' if board.higher_is_better else 'down'}arrow$"
        for board in table.boards
    ]
    yield rf"restorer & {' & '.join(heads)} \\"
    yield r"\midrule"
    for line in table.lines:
        cells = [
            _cell(line, index, digits(card), report.intervals) for index, card in enumerate(cards)
        ]
        yield rf"{escape(line.restorer)} & {' & '.join(cells)} \\"
    yield r"\bottomrule"
    yield r"\end{tabular}"
    yield r"\end{table}"


def _cell(line: Line, index: int, places: int, intervals: bool) -> str:
    row = line.cells[index]
    if row is None or row.mean is None:
        return "--"
    text = number(row.mean, places).replace("−", "$-$").replace("∞", r"$\infty$")
    if row.rank == 1:
        text = rf"\textbf{{{text}}}"
    elif row.rank == line.second[index]:
        text = rf"\underline{{{text}}}"
    if (
        not intervals
        or row.ci_low is None
        or row.ci_high is None
        or not abs(row.ci_high - row.ci_low) < float("inf")
    ):
        return text
    return rf"{text} {{\scriptsize$\pm${number((row.ci_high - row.ci_low) / 2, places)}}}"
