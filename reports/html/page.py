"""The page's content: what the templates show, already worded. Names stay as they are; the templates escape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from harness.protocols import ReportData
from harness.results import FEW_IMAGES, Headline
from reports.html.crops import MOST_IMAGES, Row
from reports.html.sections import metric_head, set_section, worded_value
from reports.pivot import SetTable, set_tables
from reports.wording import (
    count,
    digits,
    licence_mark,
    number,
    seconds,
)


def shown_order(report: ReportData) -> list[tuple[str, list[str]]]:
    """Every set with its restorers, best first, as the gallery shows them."""
    return [
        (table.set, [line.restorer for line in table.lines]) for table in set_tables(report) if table.set is not None
    ]


def page_context(report: ReportData, gallery: Mapping[str, Sequence[Row]], crops: str) -> dict[str, object]:
    """Everything the templates need.

    Args:
        report: What the engine computed.
        gallery: Crops by set.
        crops: Name of the crops folder beside the page.
    """
    run, tables = report.data.run, set_tables(report)
    cards = run.metrics
    metrics = list(dict.fromkeys(board.metric for board in report.leaderboards))
    return {
        "title": report.title or run.benchmark,
        "notes": report.notes,
        "run": run,
        "started": _when(run.started),
        "evaluation": run.plan.get("evaluation") or {},
        "headlines": [_headline(report, line) for line in report.headlines],
        "metrics": [metric_head(name, report) for name in metrics],
        "rows": [row for table in tables for row in _summary_rows(report, table, metrics)],
        "sets": [set_section(report, table, place) for place, table in enumerate(tables)],
        "set_names": [table.set or "all sets" for table in tables],
        "gallery": [(name, rows, _captions(report, name)) for name, rows in gallery.items()],
        "most_images": MOST_IMAGES,
        "crops": crops,
        "failures": report.data.failures,
        "skipped": report.data.skipped,
        "restorers": [_restorer(name, card) for name, card in sorted(run.restorers.items())],
        "metric_cards": [{**card, "name": name} for name, card in sorted(cards.items())],
        "environment": list(_flatten(run.environment)),
        "planned_sets": list((run.plan.get("sets") or {}).items()),
        "counts": _counts(report),
        "any_restricted": any(licence_mark(str(card.get("licence") or "")) for card in run.restorers.values()),
    }


def _counts(report: ReportData) -> dict[str, int]:
    cells = {score.cell for score in report.data.scores}
    sets = {board.set for board in report.leaderboards if board.set is not None}
    return {
        "restorers": len(report.data.run.restorers),
        "sets": len(sets),
        "images": len({(c.set, c.image) for c in cells}),
    }


def _when(started: str) -> str:
    try:
        return f"{datetime.fromisoformat(started).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return started


def _headline(report: ReportData, line: Headline) -> dict[str, Any]:
    card = report.data.run.metrics.get(line.metric, {})
    return {
        "task": line.task,
        "set": line.set or "all sets",
        "leader": line.leaders[0],
        "tied": line.leaders[1:],
        "metric": line.metric,
        "mean": number(line.mean, digits(card)),
        "unit": card.get("unit") or "",
        "n": line.n,
        "ranked": line.ranked,
        "few": line.n < FEW_IMAGES,
    }


def _summary_rows(report: ReportData, table: SetTable, metrics: Sequence[str]) -> Iterator[dict[str, Any]]:
    where = {board.metric: place for place, board in enumerate(table.boards)}
    for order, line in enumerate(table.lines):
        licence = str(line.card.get("licence") or "")
        values = []
        for name in metrics:
            row = line.cells[where[name]] if name in where else None
            values.append(worded_value(row, digits(report.data.run.metrics.get(name, {}))))
        parameters = line.card.get("parameters")
        yield {
            "restorer": line.restorer,
            "set": table.set or "all sets",
            "task": table.task,
            "order": order,
            "values": values,
            "seconds": (seconds(line.cost.seconds), line.cost.seconds) if line.cost else None,
            "peak": (number(line.cost.peak_mib, 0), line.cost.peak_mib) if line.cost else None,
            "parameters": (count(parameters), parameters) if isinstance(parameters, int | float) else None,
            "licence": licence,
            "mark": licence_mark(licence),
            "n": max((row.n for row in line.cells if row), default=0),
            "failures": max((row.failures for row in line.cells if row), default=0),
        }


def _captions(report: ReportData, set_name: str) -> dict[tuple[str, str], str]:
    """The score of each picture by the set's first metric, by image and restorer."""
    board = next((board for board in report.leaderboards if board.set == set_name), None)
    if board is None:
        return {}
    card = report.data.run.metrics.get(board.metric, {})
    return {
        (score.cell.image, score.cell.restorer): f"{number(score.value, digits(card))} {card.get('unit') or ''}".strip()
        for score in report.data.scores
        if score.metric == board.metric and score.cell.set == set_name
    }


def _restorer(name: str, card: Mapping[str, Any]) -> dict[str, Any]:
    licence = str(card.get("licence") or "")
    parameters = card.get("parameters")
    return {
        "name": name,
        "licence": licence,
        "mark": licence_mark(licence),
        "parameters": count(parameters) if isinstance(parameters, int | float) else "",
        "paper": card.get("paper") or "",
        "source": card.get("source") or "",
        "fingerprint": card.get("fingerprint") or "",
    }


def _flatten(mapping: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key} ")
        elif value is not None:
            yield f"{prefix}{key}", str(value)
