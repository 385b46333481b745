"""The leaderboard: a group of rows for each set, for scores of different sets make no order.

As HTML it has what is read without JavaScript: everything of a small run, the first restorers of
each set of a large one. `board_data` has everything, for the page's script.
"""

from collections.abc import Iterator, Mapping, Sequence

from harness.protocols.report import ReportData
from harness.results import FEW_IMAGES, Cost
from reports.html.cells import metric_head, places_of, scale_of, worded_cell
from reports.html.places import Places
from reports.pivot import Line, SetTable
from reports.wording import beside, count, licence_mark, measured_on, number, seconds

MOST_PAIRS = 12_000
"""With more, intervals are of the gap to the best alone, whoever is kept on top."""

MOST_CELLS = 800
"""Cells of the leaderboard as HTML; of one with more, each set shows its first restorers."""


def leaderboard(
    report: ReportData, tables: Sequence[SetTable], places: Places
) -> dict[str, object]:
    """Columns and groups of the leaderboard, and what its HTML leaves out."""
    metrics = metric_names(report)
    cells = len(metrics) * sum(len(table.lines) for table in tables)
    most = max(3, MOST_CELLS // max(1, len(metrics) * len(tables))) if cells > MOST_CELLS else None
    return {
        "metrics": [metric_head(name, report) for name in metrics],
        "groups": [
            {
                **group_facts(report, table, places),
                "rows": list(_rows(report, table, metrics, places, most)),
                "all": len(table.lines),
            }
            for table in tables
        ],
        "tasks": list(dict.fromkeys(table.task for table in tables if table.task)),
        "orders": bool(report.orders),
        "paired": 0 < len(report.pair_tests) <= MOST_PAIRS,
        "most": most,
        "beside": next((item.untimed for item in report.costs if item.untimed), ""),
    }


def metric_names(report: ReportData) -> list[str]:
    """The metrics of all leaderboards, in their order."""
    return list(dict.fromkeys(board.metric for board in report.leaderboards))


def group_facts(report: ReportData, table: SetTable, places: Places) -> dict[str, object]:
    """What the row that heads a set says."""
    return {
        "set": table.set or "all sets",
        "task": table.task,
        "link": places.set(table.set),
        "images": table.images,
        "few": table.images < FEW_IMAGES,
        "timing": next(iter(report.cost_notes.get(table.set or "", ())), ""),
    }


def _rows(
    report: ReportData,
    table: SetTable,
    metrics: Sequence[str],
    places: Places,
    most: int | None,
) -> Iterator[dict[str, object]]:
    decimals = {name: places_of(name, report) for name in metrics}
    scales = {board.metric: scale_of(board) for board in table.boards}
    for line in table.lines[:most]:
        cells = dict(zip(scales, line.cells, strict=True))
        yield {
            **costs(line),
            "restorer": line.restorer,
            "link": places.restorer(line.restorer),
            "values": [
                worded_cell(cells.get(name), decimals[name], scales.get(name)) for name in metrics
            ],
            "failures": line.failures,
        }


def costs(line: Line) -> Mapping[str, object]:
    """What a restorer costs on a set, and its licence: each in words, to sort by, and with a note.

    Seconds that were not measured alone have nothing to sort by.
    """
    cost, card = line.cost, line.card
    return {
        **(_spent(cost) if cost else dict.fromkeys(("seconds", "peak", "flops", "how"))),
        "parameters": None
        if card.parameters is None
        else (count(card.parameters), card.parameters),
        "licence": card.licence,
        "mark": licence_mark(card.licence),
    }


def _spent(cost: Cost) -> dict[str, object]:
    peak, memory = cost.memory_mib, (cost.peak_mib, cost.growth_mib, cost.cuda_mib)
    return {
        "seconds": (seconds(cost.seconds), cost.seconds if cost.timed_alone else "", beside(cost)),
        "peak": None if peak is None else (number(peak, 0), peak),
        "memory": [None if mib is None else (number(mib, 0), mib) for mib in memory],
        "flops": None if cost.flops is None else (count(cost.flops), cost.flops),
        "timed": cost.timed,
        "how": measured_on(cost),
    }
