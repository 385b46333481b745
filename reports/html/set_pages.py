"""The page of one set: plots, a leaderboard for each metric, and its images.

Leaderboards have ranks, intervals and gaps.
"""

from collections.abc import Iterator, Mapping, Sequence

from harness.protocols.report import ReportData
from harness.results import SIGNIFICANT, Leaderboard, PairTest, PlannedSet, SetStanding, caution
from reports.html.cells import metric_head, places_of, scale_of, worded_cell
from reports.html.failing import MOST_ROWS as MOST_ROWS_OF_IMAGES
from reports.html.failing import all_images, image_link
from reports.html.image_pages import ImagePage
from reports.html.leaderboard import costs
from reports.html.places import Places
from reports.html.stability import stability_words
from reports.pivot import SetTable
from reports.wording import DASH, arrow, interval, number, p_value, rank_range

Tests = Mapping[tuple[str, frozenset[str]], PairTest]
"""(metric, two restorers) -> the test of that pair."""

MOST_PAIRED = 10
"""Restorers of a table of all pairs."""

MOST_ROWS = 1_200
"""Rows of all leaderboards of a page; each metric's shows as many: the page stays below 2 MB."""


def set_page(
    report: ReportData,
    table: SetTable,
    places: Places,
    images: Sequence[ImagePage],
    failing: Mapping[str, object] | None,
) -> dict[str, object]:
    """What the page of one set says, but for its plots."""
    most = max(10, MOST_ROWS // max(1, len(table.boards)))
    tests = {
        (test.metric, frozenset((test.restorer, test.versus))): test
        for test in report.pair_tests
        if test.set == table.set
    }
    return {
        "name": table.set or "all sets",
        "link": places.set(table.set),
        "task": table.task,
        "fingerprint": report.data.run.plan.sets.get(table.set or "", PlannedSet()).fingerprint,
        "images": table.images,
        "caution": caution(table.images),
        "boards": list(_boards(report, table, places, tests, most)),
        "costs": [
            {**costs(line), "restorer": line.restorer, "link": places.restorer(line.restorer)}
            for line in table.lines[:most]
            if line.cost
        ],
        "standings": [
            {"row": row, "link": places.restorer(row.restorer), **_in_words(row)}
            for row in report.set_standings
            if row.set == table.set
        ],
        "notes": report.cost_notes.get(table.set or "", ()),
        "failing": failing,
        "failing_first": MOST_ROWS_OF_IMAGES,
        "failing_pages": all_images(failing, places, table.set),
        "gallery": [_thumbnail(page, table, places) for page in images if page.set == table.set],
        "total": sum(1 for name, _ in report.data.samples if name == table.set),
    }


def _in_words(row: SetStanding) -> dict[str, str]:
    """Value, interval and rank by a metric of sets."""
    ranks = rank_range(row.rank_low, row.rank_high)
    return {
        "metric": f"{row.metric} {arrow(row.higher_is_better)}",
        "value": number(row.value, 4),
        "interval": interval(row.ci_low, row.ci_high, 4) or DASH,
        "rank": DASH if row.rank is None else f"{row.rank} ({ranks})",
    }


def _boards(
    report: ReportData, table: SetTable, places: Places, tests: Tests, most: int
) -> Iterator[dict[str, object]]:
    steady = {
        item.metric: stability_words(item)
        for item in report.stability
        if item.set == table.set and item.left_out == "image"
    }
    for board in table.boards:
        more = {"pairs": _pairs(board, tests), "stability": steady.get(board.metric)}
        yield {**_board(report, board, places, most), **more}


def _board(report: ReportData, board: Leaderboard, places: Places, most: int) -> dict[str, object]:
    decimals, scale = places_of(board.metric, report), scale_of(board)
    ranked = [row for row in board.rows if row.rank is not None]
    leader = ranked[0].restorer if ranked else None
    rows = [
        {
            "row": row,
            "link": places.restorer(row.restorer),
            "value": worded_cell(row, decimals, scale),
        }
        for row in board.rows[:most]
    ]
    return {
        **metric_head(board.metric, report),
        "leader": leader,
        "tied": [row.restorer for row in ranked[1:] if row.rank == 1 or row.ties_best],
        "rows": rows,
        "all": len(board.rows),
    }


def _pairs(board: Leaderboard, tests: Tests) -> dict[str, object] | None:
    """Every pair of the first restorers: p, and whether it tells them apart."""
    names = [row.restorer for row in board.rows if row.rank is not None][:MOST_PAIRED]
    rows = []
    for place, name in enumerate(names):
        pairs = [
            tests.get((board.metric, frozenset((name, other)))) for other in names[place + 1 :]
        ]
        told = [(p_value(test.p), test.p <= SIGNIFICANT) if test else None for test in pairs]
        rows.append((name, [*[None] * place, *told]))
    known = len(names) > 2 and any(any(told) for _, told in rows)
    return {"names": names, "rows": rows} if known else None


def _thumbnail(page: ImagePage, table: SetTable, places: Places) -> dict[str, object]:
    lead = table.lines[0].restorer if table.lines else ""
    caption = next((item.caption for item in page.shown.pictures if item.label == lead), "")
    link = image_link(places, page.set, page.image, lead) if lead else page.link
    return {"page": page, "link": link, "lead": lead, "caption": caption}
