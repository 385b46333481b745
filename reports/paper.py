"""The table that papers print: restorers x sets, metrics in a cell, scales below each other.

Every format that has such a table shares it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.cards import MetricCard, SetMetricCard
from harness.errors import InputError
from harness.protocols.report import ReportData
from harness.results import PlannedSet
from reports.pivot import Line, SetTable, grouped, set_tables
from reports.wording import around, count, digits, number

METRICS = 2
"""Metrics of a cell, unless others are asked for: the benchmark's first."""

COSTS = ("parameters", "operations", "seconds")
"""Columns beside the sets that may be asked for."""

Place = Literal["best", "second", ""]


@dataclass(frozen=True, slots=True)
class Figure:
    """One mean.

    Attributes:
        text: It, or a dash.
        above: How far its 95 % interval reaches above it, or an empty string.
        below: Likewise.
        place: Whether it is the best or the second of its column, as it is printed.
    """

    text: str
    above: str = ""
    below: str = ""
    place: Place = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One restorer.

    Attributes:
        costs: By the table's `costs`.
        cells: For each column, a figure a metric.
    """

    restorer: str
    costs: tuple[str, ...]
    cells: tuple[tuple[Figure, ...], ...]


@dataclass(frozen=True, slots=True)
class PaperTable:
    """All sets of a task.

    Attributes:
        metrics: Those of each cell, in their order.
        costs: Columns beside the sets.
        columns: Sets without what `blocks` say of them, each with how many images its means are of.
        blocks: What is said above its rows, such as `x4`, or nothing: rows, best first.
    """

    task: str
    metrics: tuple[str, ...]
    costs: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    blocks: Mapping[str, tuple[Row, ...]]


def paper_tables(report: ReportData) -> list[PaperTable]:
    """A table a task; there is no mean over sets.

    Raises:
        InputError: A column is asked for that there is not.
    """
    known = {board.metric for board in report.leaderboards} | set(COSTS)
    known |= {row.metric for row in report.set_standings}
    if wrong := [name for name in report.columns if name not in known]:
        raise InputError(f"no column {wrong[0]!r}; there are {', '.join(sorted(known))}")
    tables = [table for table in set_tables(report) if table.set is not None]
    of_task = grouped(tables, lambda table: table.task)
    return [_of_task(report, task, found) for task, found in of_task.items()]


def _of_task(report: ReportData, task: str, tables: Sequence[SetTable]) -> PaperTable:
    names = dict.fromkeys(board.metric for table in tables for board in table.boards)
    here = {table.set for table in tables}
    of_sets = {row.metric for row in report.set_standings if row.set in here}
    asked = [name for name in report.columns if name in names or name in of_sets]
    metrics = tuple(asked or [*names][:METRICS])
    costs = tuple(name for name in COSTS if name in report.columns) or COSTS[:2]
    planned = report.data.run.plan.sets
    scales = dict.fromkeys(_scale(planned, table) for table in tables)
    apart = len(scales) > 1
    columns = grouped(tables, lambda table: _column(table, planned) if apart else str(table.set))
    blocks = {}
    for scale in scales:
        mine = [
            next((table for table in found if not apart or _scale(planned, table) == scale), None)
            for found in columns.values()
        ]
        rows = tuple(_rows(report, mine, metrics, costs))
        blocks[f"x{scale}" if apart else ""] = rows
    return PaperTable(task, metrics, costs, tuple(map(_headed, columns.items())), blocks)


def _headed(column: tuple[str, Sequence[SetTable]]) -> tuple[str, str]:
    name, tables = column
    images = dict.fromkeys(table.images for table in tables)
    return name, " or ".join(map(str, images))


def _scale(planned: Mapping[str, PlannedSet], table: SetTable) -> int:
    scale = planned.get(str(table.set), PlannedSet()).conditions.get("scale", 1)
    return scale if isinstance(scale, int) else 1


def _column(table: SetTable, planned: Mapping[str, PlannedSet]) -> str:
    """A set without its scale: `set5` for `set5-x4`."""
    return re.sub(rf"[-_ ]?x{_scale(planned, table)}$", "", str(table.set)) or str(table.set)


def _rows(
    report: ReportData,
    tables: Sequence[SetTable | None],
    metrics: Sequence[str],
    costs: Sequence[str],
) -> Iterable[Row]:
    """The restorers of a block, in the order of its first set."""
    lines = [{line.restorer: line for line in table.lines} if table else {} for table in tables]
    names = dict.fromkeys(name for found in lines for name in found)
    columns = [[_figures(report, table, metric, names) for metric in metrics] for table in tables]
    for name in names:
        line = next(found[name] for found in lines if name in found)
        cells = (tuple(figures[name] for figures in column) for column in columns)
        yield Row(name, tuple(_cost(line, cost) for cost in costs), tuple(cells))


def _cost(line: Line, name: str) -> str:
    if name == "parameters":
        return count(line.card.parameters)
    if line.cost is None:
        return count(None)
    return count(line.cost.flops) if name == "operations" else f"{line.cost.seconds:.3g}"


def _figures(
    report: ReportData, table: SetTable | None, metric: str, names: Iterable[str]
) -> dict[str, Figure]:
    """The means of one set by one metric; best and second as far as the printed digits tell."""
    means, card = _means(report, table, metric), card_of(report, metric)
    places = digits(card) if report.digits is None else report.digits
    printed = {
        mean.restorer: (number(mean.value, places), mean.value)
        for mean in means.values()
        if mean.value is not None and mean.is_ranked
    }
    order = sorted(printed.values(), key=lambda pair: pair[1], reverse=card.higher_is_better)
    best, second = [*dict.fromkeys(text for text, _ in order), None, None][:2]
    said: dict[str | None, Place] = {second: "second", best: "best"}
    found = {}
    for name in names:
        mean = means.get(name)
        text = number(mean.value if mean else None, places)
        place = said.get(text, "") if name in printed else ""
        above, below = "", ""
        if mean and report.intervals:
            above, below = around(mean.value, mean.low, mean.high, places)
        found[name] = Figure(text, above, below, place)
    return found


@dataclass(frozen=True, slots=True)
class _Mean:
    """What a cell tells of a restorer: a mean over images, or the value of a whole set."""

    restorer: str
    value: float | None
    is_ranked: bool
    low: float | None
    high: float | None


def _means(report: ReportData, table: SetTable | None, metric: str) -> dict[str, _Mean]:
    if table is None:
        return {}
    rows = next((board.rows for board in table.boards if board.metric == metric), ())
    of_sets = [row for row in report.set_standings if (row.set, row.metric) == (table.set, metric)]
    found = [
        *(
            _Mean(row.restorer, row.mean, row.rank is not None, row.ci_low, row.ci_high)
            for row in rows
        ),
        *(
            _Mean(row.restorer, row.value, row.rank is not None, row.ci_low, row.ci_high)
            for row in of_sets
        ),
    ]
    return {mean.restorer: mean for mean in found}


def card_of(report: ReportData, metric: str) -> MetricCard | SetMetricCard:
    """The card of a metric of images or of sets."""
    of_sets = report.data.set_scores.cards.get(metric)
    return of_sets or report.data.run.metric(metric)
