"""The leaderboard as Markdown, for an issue, a README or a pull request."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from harness.protocols import ReportData
from harness.results.verdicts import Verdict
from reports.pivot import Line, SetTable, set_tables
from reports.wording import DASH, arrow, digits, licence_mark, number, plain, rank_range, seconds

_DOUBT = (
    " ± half of the 95 % bootstrap interval; in brackets the ranks that the data cannot exclude."
)


class MarkdownReport:
    """One Markdown file: a table for each set, best in bold, then failures and what was skipped."""

    name: ClassVar[str] = "markdown"
    suffix: ClassVar[str] = ".md"

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the file."""
        out.write_text(
            "\n".join(_lines(report)) + "\n", encoding="utf-8", errors="backslashreplace"
        )
        return out


def escape(text: object) -> str:
    """Makes any text inert in Markdown, in a table as well: no markup, no HTML, no link, no mention, one line."""
    text = html.escape(" ".join(plain(text).split()), quote=False)
    text = re.sub(r"([\\`*_{}\[\]()#+!|~^$])", r"\\\1", text)
    # a zero-width joiner breaks autolinks (www., https:) and @mentions without changing what is
    # read
    return re.sub(
        r"(?i)(://|\bwww\.|@)", lambda found: found.group()[0] + "\u200d" + found.group()[1:], text
    )


def _lines(report: ReportData) -> Iterator[str]:
    run = report.data.run
    yield f"# {escape(report.title or run.benchmark)}"
    yield ""
    if report.notes:
        yield escape(report.notes)
        yield ""
    evaluation = run.plan.get("evaluation") or {}
    yield (
        f"Benchmark {escape(run.benchmark)}, evaluation {escape(evaluation.get('name', ''))} "
        f"{escape(evaluation.get('hash', ''))}, run {escape(run.id)} of {escape(run.started)}. "
        f"Mean over common images{_DOUBT if report.intervals else '.'}"
    )
    for table in set_tables(report):
        yield ""
        yield from _table(report, table)
    yield from _compared(report)
    yield from _troubles(report)


def _table(report: ReportData, table: SetTable) -> Iterator[str]:
    cards = [report.data.run.metrics.get(board.metric, {}) for board in table.boards]
    images = max((row.n for board in table.boards for row in board.rows), default=0)
    yield f"## {escape(table.set or 'All sets')} ({escape(table.task)}, {images} images)"
    yield ""
    heads = [
        f"{escape(board.metric)}{f' ({unit})' if (unit := escape(card.get('unit', ''))) else ''} "
        f"{arrow(board.higher_is_better)}"
        for board, card in zip(table.boards, cards, strict=True)
    ]
    yield f"| restorer | {' | '.join(heads)} | seconds | licence | failures |"
    yield f"|---|{'---:|' * len(heads)}---:|---|---:|"
    for line in table.lines:
        yield _row(line, [digits(card) for card in cards], report.intervals)


def _row(line: Line, places: list[int], intervals: bool) -> str:
    licence = str(line.card.get("licence") or "")
    mark = f" ({found})" if (found := licence_mark(licence)) else ""
    failures = max((row.failures for row in line.cells if row), default=0)
    cells = [_cell(line, index, places[index], intervals) for index in range(len(places))]
    spent = seconds(line.cost.seconds if line.cost else None)
    return f"| {escape(line.restorer)} | {' | '.join(cells)} | {spent} | {escape(licence)}{mark} | {failures} |"


def _cell(line: Line, index: int, places: int, intervals: bool) -> str:
    row = line.cells[index]
    if row is None or row.mean is None:
        return DASH
    text = number(row.mean, places)
    if row.rank == 1:
        text = f"**{text}**"
    if not intervals:
        return text
    if row.ci_low is not None and row.ci_high is not None:
        half = (row.ci_high - row.ci_low) / 2
        text += f" ± {number(half, places)}" if half == half else ""
    return f"{text} \\[{rank_range(row.rank_low, row.rank_high)}\\]"


def _compared(report: ReportData) -> Iterator[str]:
    """What changed against the baseline; what stayed the same is one number."""
    if report.comparison is None:
        return
    quiet = (Verdict.SAME, Verdict.EQUAL)
    yield f"\n## Against {escape(report.comparison.baseline)}\n"
    for finding in report.comparison.findings:
        if finding.verdict not in quiet:
            where = f"{escape(finding.restorer)} on {escape(finding.set)}, {escape(finding.metric)}"
            yield f"- **{finding.verdict}**: {where}: {escape(finding.reason)}"
    yield f"- {len(report.comparison.of(*quiet))} others are the same"


def _troubles(report: ReportData) -> Iterator[str]:
    if report.data.failures:
        yield "\n## Failures\n"
        for failure in report.data.failures:
            where = f"{escape(failure.cell.restorer)} on {escape(failure.cell.set)}/{escape(failure.cell.image)}"
            metric = f", {escape(failure.metric)}" if failure.metric else ""
            yield f"- {where}{metric}: {failure.kind}: {escape(failure.message[:500])}"
    if report.data.skipped:
        yield "\n## Skipped\n"
        for skip in report.data.skipped:
            yield f"- {escape(skip.restorer or 'every restorer')} on {escape(skip.set)}: {escape(skip.reason)}"
