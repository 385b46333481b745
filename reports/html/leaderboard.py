"""The leaderboard: a group of rows for each set, for scores of different sets cannot be sorted into one order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.protocols import ReportData
from harness.results import FEW_IMAGES
from reports.html.cells import metric_head, places_of, scale_of, worded_cell
from reports.html.places import Places
from reports.pivot import Line, SetTable
from reports.wording import count, licence_mark, number, seconds

MOST_DRAWN = 3_000
"""Cells with intervals; a leaderboard with more has means alone, so that the page stays below 2 MB."""

MOST_CELLS = 12_000
"""Cells of a leaderboard; of one with more, each set shows its first restorers."""


def leaderboard(report: ReportData, tables: Sequence[SetTable], places: Places) -> dict[str, Any]:
    """Columns and groups of the leaderboard, and what it had to leave out."""
    metrics = list(dict.fromkeys(board.metric for board in report.leaderboards))
    cells = len(metrics) * sum(len(table.lines) for table in tables)
    drawn = cells <= MOST_DRAWN
    most = max(5, MOST_CELLS // max(1, len(metrics) * len(tables))) if cells > MOST_CELLS else None
    return {
        "metrics": [metric_head(name, report) for name in metrics],
        "groups": [_group(report, table, metrics, places, drawn, most) for table in tables],
        "tasks": list(dict.fromkeys(table.task for table in tables if table.task)),
        "drawn": drawn,
        "most": most,
    }


def _group(
    report: ReportData,
    table: SetTable,
    metrics: Sequence[str],
    places: Places,
    drawn: bool,
    most: int | None,
) -> dict[str, Any]:
    images = max((row.n for board in table.boards for row in board.rows), default=0)
    return {
        "set": table.set or "all sets",
        "task": table.task,
        "link": places.set(table.set),
        "images": images,
        "few": images < FEW_IMAGES,
        "rows": list(_rows(report, table, metrics, places, drawn, most)),
        "all": len(table.lines),
    }


def _rows(
    report: ReportData,
    table: SetTable,
    metrics: Sequence[str],
    places: Places,
    drawn: bool,
    most: int | None,
) -> Iterator[dict[str, Any]]:
    where = {board.metric: place for place, board in enumerate(table.boards)}
    scales = {board.metric: scale_of(board) if drawn else None for board in table.boards}
    decimals = {name: places_of(name, report) for name in metrics}
    for order, line in enumerate(table.lines[:most]):
        values = [
            worded_cell(
                line.cells[where[name]] if name in where else None, decimals[name], scales.get(name)
            )
            for name in metrics
        ]
        main = next((row for row in line.cells if row is not None and row.rank is not None), None)
        yield {
            **costs(line),
            "restorer": line.restorer,
            "link": places.restorer(line.restorer),
            "order": order,
            "rank": main.rank if main else None,
            "values": values,
            "failures": max((row.failures for row in line.cells if row), default=0),
        }


def costs(line: Line) -> dict[str, Any]:
    """What a restorer costs on a set, and its licence: each in words and to sort by."""
    licence = str(line.card.get("licence") or "")
    parameters = line.card.get("parameters")
    return {
        "seconds": (seconds(line.cost.seconds), line.cost.seconds) if line.cost else None,
        "peak": (number(line.cost.peak_mib, 0), line.cost.peak_mib) if line.cost else None,
        "parameters": (count(parameters), parameters)
        if isinstance(parameters, int | float)
        else None,
        "licence": licence,
        "mark": licence_mark(licence),
    }
