"""The whole leaderboard as data for the page's script, which sorts, filters, pivots and copies it.

A page from disk may load scripts that lie beside it, and nothing else: the data is one.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.atomic import atomic_file
from harness.protocols.report import ReportData
from harness.results import SIGNIFICANT
from reports.html.cells import metric_head, places_of, scale_of, worded_cell
from reports.html.leaderboard import MOST_PAIRS, costs, group_facts, metric_names
from reports.html.places import Places
from reports.pivot import SetTable
from reports.wording import licence_mark, plain

Pairs = dict[tuple[str | None, str], list[list[float | None]]]

FILE = "data/board.js"
MARKS = ("mean", "low", "high", "best")
_DIGITS = 9
"""Significant digits of a mean: enough to sort by."""


def write_board(report: ReportData, tables: Sequence[SetTable], places: Places, base: str) -> Path:
    """Writes it into the files folder.

    Args:
        report: The run.
        tables: Its sets.
        places: Where pages lie.
        base: The files folder as the index page sees it; links begin with it.

    Returns:
        The file.
    """
    ranked = (line.restorer for table in tables for line in table.lines)
    listed = (str(row["restorer"]) for row in report.orders)
    names = list(dict.fromkeys([*ranked, *listed]))
    number = {name: place for place, name in enumerate(names)}
    metrics = metric_names(report)
    pairs = _pairs(report, number)
    data = {
        "metrics": [_metric(name, report) for name in metrics],
        "restorers": [_restorer(report, name, places, base) for name in names],
        "groups": [_group(report, table, places, base, metrics, number, pairs) for table in tables],
        "orders": _orders(report, number),
    }
    path = places.files / FILE
    # as UTF-8: true minus signs and dashes are in every cell
    text = json.dumps(_plain(data), separators=(",", ":"), ensure_ascii=False)
    script = f"(window.restobench ??= {{}}).data = {text};\n"
    with atomic_file(path) as partial:
        partial.write_bytes(script.encode(errors="backslashreplace"))
    return path


def _plain(value: object) -> object:
    """The same with all text made plain, as templates make it."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return plain(value) if isinstance(value, str) else value


def _metric(name: str, report: ReportData) -> dict[str, object]:
    return {**metric_head(name, report), "places": places_of(name, report)}


def _restorer(report: ReportData, name: str, places: Places, base: str) -> dict[str, object]:
    card, link = report.data.run.restorer(name), places.restorer(name)
    return {
        "name": name,
        "link": link and base + link,
        "licence": card.licence,
        "mark": licence_mark(card.licence),
    }


def _group(
    report: ReportData,
    table: SetTable,
    places: Places,
    base: str,
    metrics: Sequence[str],
    number: Mapping[str, int],
    pairs: Pairs,
) -> dict[str, object]:
    """A set: its restorers with their costs, and of each metric a cell for each of them."""
    facts = group_facts(report, table, places)
    spent = [costs(line) for line in table.lines]
    keys = ("seconds", "flops", "parameters", "peak", "how")
    return {
        **facts,
        "link": facts["link"] and f"{base}{facts['link']}",
        "restorers": [number[line.restorer] for line in table.lines],
        "failures": [line.failures for line in table.lines],
        "costs": [[_cost(found.get(key)) for key in keys] for found in spent],
        "cells": {
            metrics.index(board.metric): _cells(report, table, place)
            for place, board in enumerate(table.boards)
        },
        "pairs": {
            metrics.index(board.metric): pairs.get((board.set, board.metric), [])
            for board in table.boards
        },
        "scales": {
            metrics.index(board.metric): list(scale_of(board) or ()) for board in table.boards
        },
    }


def _cost(value: object) -> object:
    """A cost's words, what to sort by with fewer digits, and its note."""
    if not isinstance(value, tuple):
        return value
    return [_short(part, _DIGITS) if isinstance(part, float) else part for part in value]


def _pairs(report: ReportData, number: Mapping[str, int]) -> Pairs:
    """Of each leaderboard: two restorers, and the interval of the first minus the second."""
    found: Pairs = {}
    if len(report.pair_tests) > MOST_PAIRS:
        return found
    for test in report.pair_tests:
        ends = _short(test.ci_low, 5), _short(test.ci_high, 5)
        pair = [number[test.restorer], number[test.versus], *ends]
        found.setdefault((test.set, test.metric), []).append(pair)
    return found


def _cells(report: ReportData, table: SetTable, place: int) -> list[list[object] | None]:
    """Of each restorer: its mean, rank, words and whether it is tied, and where it is drawn."""
    board = table.boards[place]
    scale, decimals = scale_of(board), places_of(board.metric, report)
    cells: list[list[object] | None] = []
    for line in table.lines:
        row = line.cells[place]
        value = worded_cell(row, decimals, scale)
        if row is None or value["text"] is None:
            cells.append(None)
            continue
        words = [value[key] for key in ("text", "ranks", "interval", "tied")]
        marks = value["marks"]
        drawn = [round(marks[key]) for key in MARKS] if isinstance(marks, dict) else None
        cells.append([_short(row.mean, _DIGITS), row.rank, *words, drawn])
    return cells


def _short(value: float | None, digits: int) -> float | None:
    if value is None or math.isnan(value):
        return None
    return value if math.isinf(value) else float(f"{value:.{digits}g}")


def _orders(report: ReportData, number: Mapping[str, int]) -> list[dict[str, object]]:
    """The Borda order of each task: restorer, rank, range, score, its ends, n, whether tied."""
    keys = ("rank", "rank_low", "rank_high", "mean", "ci_low", "ci_high", "n")
    tasks: dict[str, list[list[object]]] = {}
    leaderboards: dict[str, object] = {}
    for row in report.orders:
        task = str(row["task"])
        values = [row[key] for key in keys]
        known = [_short(v, 5) if isinstance(v, float) else v for v in values]
        p = row["p"]
        known.append(row["rank"] != 1 and not (isinstance(p, float) and p <= SIGNIFICANT))
        tasks.setdefault(task, []).append([number[str(row["restorer"])], *known])
        leaderboards[task] = row["leaderboards"]
    return [
        {"task": task, "leaderboards": leaderboards[task], "rows": rows}
        for task, rows in tasks.items()
    ]
