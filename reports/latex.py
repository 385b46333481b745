"""The leaderboard as LaTeX tables (booktabs).

Best in bold, second underlined, as papers have them.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from harness.atomic import atomic_file
from harness.protocols.report import ReportData
from harness.results import LeaderboardRow
from reports.pivot import SetTable, set_tables
from reports.wording import digits, number, plain

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}", "'": r"\textquotesingle{}", "|": r"\textbar{}",
    # after the \\ of the line above these would be its arguments
    "[": "{[}", "]": "{]}", "*": "{*}",
}  # fmt: skip


class LatexReport:
    r"""One file with a `table` for each set, for `\input`.

    It needs the packages booktabs and textcomp.
    """

    name: ClassVar[str] = "latex"
    suffix: ClassVar[str] = ".tex"

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the file."""
        tables = ["\n".join(_table(report, table)) for table in set_tables(report)]
        text = "\n\n".join([r"% \usepackage{booktabs,textcomp}", *tables])
        with atomic_file(out, pipes=True) as partial:
            partial.write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")
        return out


def escape(text: object) -> str:
    """Makes any text inert in LaTeX: every special character is escaped, and it is one line."""
    return "".join(_SPECIAL.get(letter, letter) for letter in " ".join(plain(text).split()))


def _table(report: ReportData, table: SetTable) -> Iterator[str]:
    run = report.data.run
    doubt = r" ($\pm$ half of the 95\,\% bootstrap interval)" if report.intervals else ""
    heads = [
        rf"{escape(board.metric)} $\{'up' if board.higher_is_better else 'down'}arrow$"
        for board in table.boards
    ]
    yield from (r"\begin{table}", r"\centering")
    yield (
        rf"\caption{{{escape(table.set or run.benchmark)}: mean over {table.images} images{doubt}, "
        rf"evaluation {escape(run.plan.evaluation.get('name', ''))}. "
        r"Best in bold, second underlined.}"
    )
    yield from (rf"\begin{{tabular}}{{l{'r' * len(heads)}}}", r"\toprule")
    yield from (rf"restorer & {' & '.join(heads)} \\", r"\midrule")
    places = [digits(run.metric(board.metric)) for board in table.boards]
    # the rank of the second best: 3 where two share the first
    seconds = [
        min({row.rank for row in board.rows if row.rank} - {1}, default=None)
        for board in table.boards
    ]
    for line in table.lines:
        cells = [
            _cell(row, decimals, second, report.intervals)
            for row, decimals, second in zip(line.cells, places, seconds, strict=True)
        ]
        yield rf"{escape(line.restorer)} & {' & '.join(cells)} \\"
    yield from (r"\bottomrule", r"\end{tabular}", r"\end{table}")


def _cell(row: LeaderboardRow | None, places: int, second: int | None, intervals: bool) -> str:
    if row is None or row.mean is None:
        return "--"
    text = number(row.mean, places).replace("−", "$-$").replace("∞", r"$\infty$")
    if row.rank == 1:
        text = rf"\textbf{{{text}}}"
    elif row.rank == second:
        text = rf"\underline{{{text}}}"
    if not intervals or row.ci_low is None or row.ci_high is None:
        return text
    half = (row.ci_high - row.ci_low) / 2
    return rf"{text} {{\scriptsize$\pm${number(half, places)}}}" if abs(half) < math.inf else text
