"""The page of one restorer: its card, scores, costs, pictures, failures and what it skipped."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from harness.protocols.report import ReportData
from harness.results import Failure, Run
from reports.html.cells import metric_head, places_of, scale_of, worded_cell
from reports.html.failing import Matrix, image_link, of_restorer
from reports.html.image_pages import ImagePage
from reports.html.leaderboard import costs
from reports.html.pictures import Picture
from reports.html.places import Places
from reports.pivot import Line, SetTable, grouped
from reports.wording import count, licence_mark

MOST_FAILURES = 200
"""Failures listed on a page; the others are counted."""

MOST_PICTURES = 12

HASHES = ("weights", "fingerprint", "specification")
"""What the card folds away."""


def restorer_page(
    report: ReportData,
    name: str,
    tables: Sequence[SetTable],
    places: Places,
    pages: Sequence[ImagePage],
    failures: Sequence[Failure],
    scores: Mapping[str, Matrix],
) -> dict[str, object]:
    """What the page of one restorer says."""
    mine = [(line, table) for table in tables for line in table.lines if line.restorer == name]
    sets = [_on_set(report, line, table, places) for line, table in mine]
    for found, (_, table) in zip(sets, mine, strict=True):
        item = scores.get(table.set or "")
        if item:
            found["images"] = of_restorer(report, name, table, item, places, len(mine))
    facts, hashes = _card(report.data.run, name)
    return {
        "name": name,
        "card": facts,
        "hashes": hashes,
        "verdicts": [_verdict(table, found) for found, (_, table) in zip(sets, mine, strict=True)],
        "mark": licence_mark(report.data.run.restorer(name).licence),
        "sets": sets,
        "pictures": _pictures(name, pages, places, scores),
        "failures": failures[:MOST_FAILURES],
        "more_failures": max(0, len(failures) - MOST_FAILURES),
        "skipped": [skip for skip in report.data.skipped if skip.restorer == name],
    }


_Facts = list[tuple[str, list[tuple[str, str]]]]


def _card(run: Run, name: str) -> tuple[_Facts, _Facts]:
    """What a restorer's card says, the licence first; and the hashes, for who looks for them.

    Of each fact its lines, and the address that a line has in it.
    """
    card = run.restorer(name)
    facts = {
        **dict.fromkeys(("licence", "parameters", "paper", "source")),
        **(asdict(card) if name in run.restorers else {}),
        "licence": card.licence or "not stated",
        "parameters": "not known" if card.parameters is None else count(card.parameters),
    }
    said = [
        (
            key.replace("_", " "),
            [
                (text, _address(text))
                for text in map(_worded, value if key == "weights" else [value])
            ],
        )
        for key, value in facts.items()
        if key != "name" and value is not False and value not in (None, "", ())
    ]
    hashed = [fact for fact in said if fact[0] in HASHES]
    return [fact for fact in said if fact not in hashed], hashed


def _address(text: str) -> str:
    """The address of the web that is named in a text, if any."""
    found = re.search(r"https?://[^\s<>\"']+", text)
    return found.group().rstrip(".,;)") if found else ""


def _verdict(table: SetTable, found: Mapping[str, Any]) -> dict[str, object]:
    """How a restorer stands on a set by its first metric: what is asked first."""
    row = found["rows"][0]
    of, ranked = row["of"], row["rank"] is not None
    scale = 100 / max(1, of - 1)
    places = [scale * (rank - 1) for rank in row["range"]] if ranked else []
    strip = dict(zip(("mean", "low", "high"), places, strict=True)) if ranked else None
    return {
        **row,
        "set": found["set"],
        "link": found["link"],
        "task": table.task,
        "strip": {**strip, "best": 0} if strip else None,
        "ends": found["images"]["ends"] if found["images"] else {},
    }


def _worded(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_worded(item)}" for key, item in value.items())
    return "; ".join(map(_worded, value)) if isinstance(value, tuple) else str(value)


def _on_set(report: ReportData, line: Line, table: SetTable, places: Places) -> dict[str, object]:
    rows = []
    for board, row in zip(table.boards, line.cells, strict=True):
        decimals = places_of(board.metric, report)
        rows.append(
            {
                **metric_head(board.metric, report),
                "versus": next((other.restorer for other in board.rows), ""),
                "rank": row.rank if row else None,
                "range": (row.rank, row.rank_low, row.rank_high) if row else (),
                "of": sum(1 for other in board.rows if other.rank is not None),
                "value": worded_cell(row, decimals, scale_of(board)),
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
        "images": None,
    }


def _pictures(
    name: str, pages: Sequence[ImagePage], places: Places, scores: Mapping[str, Matrix]
) -> list[tuple[str, ImagePage, Picture | None]]:
    """Its restored images: of each set the worst and the best that there is room for."""
    found = [
        (image_link(places, page.set, page.image, name), page, page.shown.restored(own))
        for own in [places.restorer(name)]
        for page in pages
    ]
    of_set = grouped((item for item in found if item[2]), lambda item: item[1].set)
    each = max(1, MOST_PICTURES // max(1, len(of_set)))
    chosen = []
    for set_name, items in of_set.items():
        order = scores[set_name].order_of(name) if set_name in scores else {}
        items = sorted(items, key=lambda item: order.get(item[1].image, 0))
        best = each // 2 if len(items) > each else 0
        chosen += [*items[: each - best], *items[len(items) - best :]]
    return chosen[:MOST_PICTURES]
