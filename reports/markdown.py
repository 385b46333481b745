"""The leaderboard as Markdown, for an issue, a README or a pull request."""

import html
import re
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import ClassVar

from harness.atomic import atomic_file
from harness.protocols.report import ReportData
from harness.results import LeaderboardRow, Run, Verdict
from reports.paper import Figure, PaperTable, card_of, paper_tables
from reports.pivot import Line, SetTable, set_tables
from reports.wording import (
    DASH,
    around,
    arrow,
    beside,
    bracketed,
    digits,
    interval,
    licence_mark,
    number,
    plain,
    rank_range,
    seconds,
)

_DOUBT = (
    " and how far the 95 % bootstrap interval reaches; in brackets the ranks that the data cannot "
    "exclude."
)


class MarkdownReport:
    """One Markdown file: sets side by side, a table for each with ranks and costs, what failed."""

    name: ClassVar[str] = "markdown"
    suffix: ClassVar[str] = ".md"

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the file."""
        text = "\n".join(_lines(report)) + "\n"
        with atomic_file(out, pipes=True) as partial:
            partial.write_text(text, encoding="utf-8", errors="backslashreplace")
        return out


def escape(text: object) -> str:
    """Makes any text inert in Markdown, in a table as well.

    No markup, no HTML, no link, no mention, one line.
    """
    text = html.escape(" ".join(plain(text).split()), quote=False)
    text = re.sub(r"([\\`*_{}\[\]()#+!|~^$])", r"\\\1", text)
    # a zero-width joiner breaks autolinks (www., https:) and @mentions and is not seen
    return re.sub(r"(?i)(:(?=//)|\bw(?=ww\.)|@)", "\\1\u200d", text)


def origin(run: Run) -> str:
    """Where scores come from: benchmark, evaluation and run."""
    evaluation = run.plan.evaluation
    return (
        f"{escape(run.benchmark)}, evaluation {escape(evaluation.get('name', ''))} "
        f"{escape(evaluation.get('hash', ''))}, run {escape(run.id)} of {escape(run.started)}"
    )


def _lines(report: ReportData) -> Iterator[str]:
    run = report.data.run
    yield f"# {escape(report.title or run.benchmark)}\n"
    if report.notes:
        yield f"{escape(report.notes)}\n"
    doubt = "." if report.intervals is False else _DOUBT
    yield f"Benchmark {origin(run)}. Mean over common images{doubt}"
    for paper in paper_tables(report):
        yield from _grid(report, paper)
    tables = set_tables(report)
    for table in tables:
        if table.set is not None or len(tables) == 1 or report.overall:
            yield from _table(report, table)
    yield from _of_sets(report)
    yield from _compared(report)
    yield from _troubles(report)


def _grid(report: ReportData, table: PaperTable) -> Iterator[str]:
    """All sets of a task side by side."""
    cards = [card_of(report, name) for name in table.metrics]
    metrics = " / ".join(f"{escape(card.name)} {arrow(card.higher_is_better)}" for card in cards)
    for block, rows in table.blocks.items():
        yield f"\n## {escape(table.task)}{bracketed(block)}: {metrics}\n"
        heads = *table.costs, *(f"{escape(name)} ({images})" for name, images in table.columns)
        yield f"| restorer | {' | '.join(heads)} |"
        yield f"|---|{'---:|' * len(heads)}"
        for row in rows:
            cells = (" / ".join(map(_figure, cell)) for cell in row.cells)
            yield f"| {' | '.join((escape(row.restorer), *row.costs, *cells))} |"


def _figure(figure: Figure) -> str:
    mark = {"best": "**{}**", "second": "<ins>{}</ins>"}.get(figure.place, "{}")
    return mark.format(figure.text)


def _table(report: ReportData, table: SetTable) -> Iterator[str]:
    name, task = escape(table.set or "All sets"), escape(table.task)
    yield f"\n## {name} ({task}, {table.images} images)\n"
    cards = [report.data.run.metric(board.metric) for board in table.boards]
    heads = [
        f"{escape(board.metric)}{bracketed(escape(card.unit))} {arrow(board.higher_is_better)}"
        for board, card in zip(table.boards, cards, strict=True)
    ]
    yield from (
        f"| restorer | {' | '.join(heads)} | seconds | peak MiB | licence | failures |",
        f"|---|{'---:|' * len(heads)}---:|---:|---|---:|",
    )
    for line in table.lines:
        yield _row(line, [digits(card) for card in cards], report.intervals is not False)
    key = table.set or ""
    for note in (*report.set_notes.get(key, ()), *report.cost_notes.get(key, ())):
        yield f"\n{escape(note)}"


def _row(line: Line, places: list[int], intervals: bool) -> str:
    licence = escape(line.card.licence) + bracketed(licence_mark(line.card.licence))
    cells = [
        _cell(row, decimals, intervals) for row, decimals in zip(line.cells, places, strict=True)
    ]
    cost = line.cost
    spent = seconds(cost.seconds) + bracketed(beside(cost)) if cost else DASH
    parts = *cells, spent, number(cost.memory_mib if cost else None, 0), licence, line.failures
    return f"| {escape(line.restorer)} | {' | '.join(map(str, parts))} |"


def _cell(row: LeaderboardRow | None, places: int, intervals: bool) -> str:
    if row is None or row.mean is None:
        return DASH
    bold = "**" if row.rank == 1 else ""
    text = f"{bold}{number(row.mean, places)}{bold}"
    if not intervals:
        return text
    above, below = around(row.mean, row.ci_low, row.ci_high, places)
    if above:
        text += f" ± {above}" if above == below else f" +{above} −{below}"
    return f"{text} \\[{rank_range(row.rank_low, row.rank_high)}\\]"


def _of_sets(report: ReportData) -> Iterator[str]:
    """Metrics that give one value to a set."""
    if report.set_standings:
        yield "\n## Metrics of sets\n"
        yield "| set | metric | restorer | value | 95 % interval | rank | |"
        yield "|---|---|---|---:|---:|---:|---|"
    for row in report.set_standings:
        metric = f"{escape(row.metric)} {arrow(row.higher_is_better)}"
        ends = interval(row.ci_low, row.ci_high, 4) or DASH
        ranks = rank_range(row.rank_low, row.rank_high)
        rank = DASH if row.rank is None else f"{row.rank} \\[{ranks}\\]"
        parts = metric, escape(row.restorer), number(row.value, 4), ends, rank, escape(row.reason)
        yield f"| {escape(row.set)} | {' | '.join(parts)} |"


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
        restorer, place, image = map(escape, astuple(failure.cell))
        metric = f", {escape(failure.metric)}" if failure.metric else ""
        what = f"{failure.kind}: {escape(failure.message[:500])}"
        yield f"- {restorer} on {place}/{image}{metric}: {what}"
    if report.data.skipped:
        yield "\n## Skipped\n"
    for skip in report.data.skipped:
        restorer = escape(skip.restorer or "every restorer")
        yield f"- {restorer} on {escape(skip.set)}: {escape(skip.reason)}"
