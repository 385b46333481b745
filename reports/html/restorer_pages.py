"""The page of one restorer: its card, scores, costs, pictures, failures and what it skipped."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from harness.protocols.report import ReportData
from harness.results import Failure, Run
from reports.html.cells import metric_head, places_of, scale_of, worded_cell
from reports.html.image_pages import ImagePage
from reports.html.leaderboard import costs
from reports.html.pictures import Picture
from reports.html.places import Places
from reports.pivot import Line, SetTable, grouped
from reports.wording import count, licence_mark

MOST_FAILURES = 200
"""Failures listed on a page; the others are counted."""

MOST_PICTURES = 12


def restorer_page(
    report: ReportData,
    name: str,
    tables: Sequence[SetTable],
    places: Places,
    pages: Sequence[ImagePage],
    failures: Sequence[Failure],
) -> dict[str, object]:
    """What the page of one restorer says."""
    return {
        "name": name,
        "card": _card(report.data.run, name),
        "mark": licence_mark(report.data.run.restorer(name).licence),
        "sets": [
            _on_set(report, line, table, places)
            for table in tables
            for line in table.lines
            if line.restorer == name
        ],
        "pictures": _pictures(name, pages, places),
        "failures": failures[:MOST_FAILURES],
        "more_failures": max(0, len(failures) - MOST_FAILURES),
        "skipped": [skip for skip in report.data.skipped if skip.restorer == name],
    }


def _card(run: Run, name: str) -> list[tuple[str, list[str]]]:
    """What a restorer's card says, with a line for each weight file; the licence comes first."""
    card = run.restorer(name)
    facts = {
        **dict.fromkeys(("licence", "parameters", "paper", "source")),
        **(asdict(card) if name in run.restorers else {}),
        "licence": card.licence or "not stated",
        "parameters": "not known" if card.parameters is None else count(card.parameters),
    }
    return [
        (
            key.replace("_", " "),
            [_worded(item) for item in (value if key == "weights" else [value])],
        )
        for key, value in facts.items()
        if key != "name" and value is not False and value not in (None, "", ())
    ]


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
    }


def _pictures(
    name: str, pages: Sequence[ImagePage], places: Places
) -> list[tuple[ImagePage, Picture | None]]:
    """Its restored images, as many of each set as there is room for."""
    found = [(page, page.shown.restored(places.restorer(name))) for page in pages]
    of_set = grouped((pair for pair in found if pair[1]), lambda pair: pair[0].set)
    each = max(1, MOST_PICTURES // max(1, len(of_set)))
    return [pair for pairs in of_set.values() for pair in pairs[:each]][:MOST_PICTURES]
