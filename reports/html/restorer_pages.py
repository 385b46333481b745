"""The page of one restorer: its card, scores, costs, pictures, failures and what it skipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.protocols import ReportData
from harness.results import Failure
from reports.html.cells import Gaps, metric_head, places_of, scale_of, worded_cell
from reports.html.image_pages import ImagePage
from reports.html.leaderboard import costs
from reports.html.places import Places
from reports.pivot import SetTable
from reports.wording import count, licence_mark, p_value, signed

MOST_FAILURES = 200
"""Failures listed on a page; the others are counted."""

MOST_PICTURES = 12

_WORDED = ("licence", "parameters", "paper", "source", "name")


def restorer_page(
    report: ReportData,
    name: str,
    tables: Sequence[SetTable],
    places: Places,
    pages: Sequence[ImagePage],
    failures: Sequence[Failure],
    gaps: Gaps,
) -> dict[str, Any]:
    """What the page of one restorer says."""
    card = report.data.run.restorers.get(name, {})
    return {
        "name": name,
        "card": list(_card(card)),
        "mark": licence_mark(str(card.get("licence") or "")),
        "sets": [
            found for table in tables if (found := _on_set(report, name, table, places, gaps))
        ],
        "pictures": _pictures(name, pages, places),
        "failures": failures[:MOST_FAILURES],
        "more_failures": max(0, len(failures) - MOST_FAILURES),
        "skipped": [skip for skip in report.data.skipped if skip.restorer == name],
    }


def _card(card: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    parameters = card.get("parameters")
    yield "licence", [str(card.get("licence") or "not stated")]
    yield "parameters", [count(parameters) if isinstance(parameters, int | float) else "not known"]
    for key in ("paper", "source"):
        if card.get(key):
            yield key, [str(card[key])]
    for key, value in card.items():
        if key not in _WORDED and value not in (None, "", [], {}):
            yield key.replace("_", " "), _lines(value)


def _lines(value: object) -> list[str]:
    """A value of a card: a list of mappings, such as weight files, has a line for each."""
    if isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
        return [_worded(item) for item in value]
    return [_worded(value)]


def _worded(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_worded(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(_worded(item) for item in value)
    return str(value)


def _on_set(
    report: ReportData, name: str, table: SetTable, places: Places, gaps: Gaps
) -> dict[str, Any] | None:
    line = next((line for line in table.lines if line.restorer == name), None)
    if line is None:
        return None
    rows = []
    for board, row in zip(table.boards, line.cells, strict=True):
        decimals = places_of(board.metric, report)
        gap = gaps.get((table.set, board.metric, name))
        rows.append(
            {
                **metric_head(board.metric, report),
                "rank": row.rank if row else None,
                "of": sum(1 for other in board.rows if other.rank is not None),
                "value": worded_cell(row, decimals, scale_of(board)),
                "gap": f"{signed(gap.difference, decimals)}" if gap else "",
                "versus": gap.versus if gap else "",
                "p": p_value(gap.p) if gap else "",
                "n": row.n if row else 0,
                "failures": row.failures if row else 0,
            }
        )
    return {
        **costs(line),
        "set": table.set or "all sets",
        "link": places.set(table.set),
        "task": table.task,
        "rows": rows,
        "timed": line.cost.n if line.cost else 0,
    }


def _pictures(name: str, pages: Sequence[ImagePage], places: Places) -> list[dict[str, Any]]:
    """Details of its restored images, as many of each set as there is room for."""
    of_set: dict[str, list[dict[str, Any]]] = {}
    for page in pages:
        mine = next(
            (
                p
                for p in page.shown.readable
                if p.kind == "restored" and p.link == places.restorer(name)
            ),
            None,
        )
        if mine is not None:
            link = places.image(page.set, page.image)
            of_set.setdefault(page.set, []).append(
                {"image": page.image, "set": page.set, "link": link, "picture": mine}
            )
    each = max(1, MOST_PICTURES // max(1, len(of_set)))
    return [item for items in of_set.values() for item in items[:each]][:MOST_PICTURES]
