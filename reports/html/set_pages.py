"""The page of one set: plots, a leaderboard for each metric with ranks, intervals and gaps, and its images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.protocols import ReportData
from harness.results import FEW_IMAGES, Difference, Leaderboard
from harness.results.pairs import PairTest
from reports.html.cells import Gaps, metric_head, places_of, scale_of, worded_cell
from reports.html.image_pages import ImagePage
from reports.html.places import Places
from reports.html.stability import stability_words
from reports.pivot import SetTable
from reports.wording import p_value, signed

Tests = Mapping[tuple[str, str, str], PairTest]
"""(metric, two restorers in the order of their names) -> the test of that pair."""

SIGNIFICANT = 0.05
MOST_PAIRED = 10
"""Restorers of a table of all pairs."""

MOST_ROWS = 1_200
"""Rows of all leaderboards of a page; each metric's shows as many, so that the page stays below 2 MB."""


def set_page(
    report: ReportData, table: SetTable, places: Places, images: Sequence[ImagePage], gaps: Gaps
) -> dict[str, Any]:
    """What the page of one set says, but for its plots."""
    plan = (report.data.run.plan.get("sets") or {}).get(table.set, {}) if table.set else {}
    count = max((row.n for board in table.boards for row in board.rows), default=0)
    most = max(10, MOST_ROWS // max(1, len(table.boards)))
    tests = {
        (t.metric, min(t.restorer, t.versus), max(t.restorer, t.versus)): t
        for t in report.pair_tests
        if t.set == table.set
    }
    steady = {
        item.metric: stability_words(item)
        for item in report.stability
        if item.set == table.set and item.left_out == "image"
    }
    return {
        "name": table.set or "all sets",
        "link": places.set(table.set),
        "task": table.task,
        "plan": plan,
        "images": count,
        "few": count < FEW_IMAGES,
        "boards": [
            {
                **_board(report, board, gaps, places, tests, most),
                "pairs": _pairs(board, tests),
                "stability": steady.get(board.metric),
            }
            for board in table.boards
        ],
        "gallery": [_thumbnail(page, places, table) for page in images if page.set == table.set],
        "total": sum(1 for name, _ in report.data.samples if name == table.set),
    }


def _board(
    report: ReportData, board: Leaderboard, gaps: Gaps, places: Places, tests: Tests, most: int
) -> dict[str, Any]:
    decimals = places_of(board.metric, report)
    ranked = [row for row in board.rows if row.rank is not None]
    scale = scale_of(board)
    leader = ranked[0].restorer if ranked else None
    rows = []
    for row in board.rows[:most]:
        gap = gaps.get((board.set, board.metric, row.restorer))
        test = _find(tests, board.metric, leader or "", row.restorer)
        rows.append(
            {
                "row": row,
                "link": places.restorer(row.restorer),
                "value": worded_cell(row, decimals, scale),
                "gap": signed(gap.difference, decimals) if gap else "",
                "gap_interval": _gap_interval(gap, decimals),
                "p": p_value(gap.p) if gap else "",
                "holm": p_value(test.p_flip_holm) if test else "",
                "wilcoxon": p_value(test.p_wilcoxon_holm) if test else "",
            }
        )
    return {
        **metric_head(board.metric, report),
        "leader": leader,
        "tied": [row.restorer for row in ranked[1:] if row.rank_low == 1],
        "rows": rows,
        "all": len(board.rows),
    }


def _find(tests: Tests, metric: str, one: str, other: str) -> PairTest | None:
    first, second = sorted((one, other))
    return tests.get((metric, first, second))


def _pairs(board: Leaderboard, tests: Tests) -> dict[str, Any] | None:
    """Every pair of the first restorers: p by signed ranks with Holm's correction, and whether it is below 0.05."""
    names = [row.restorer for row in board.rows if row.rank is not None][:MOST_PAIRED]
    rows = []
    for place, name in enumerate(names):
        found = [
            _find(tests, board.metric, name, other) if at > place else None
            for at, other in enumerate(names)
        ]
        rows.append(
            {
                "restorer": name,
                "tests": [
                    (p_value(t.p_wilcoxon_holm), t.p_wilcoxon_holm < SIGNIFICANT) if t else None
                    for t in found
                ],
            }
        )
    return (
        {"names": names, "rows": rows}
        if any(any(row["tests"]) for row in rows) and len(names) > 2
        else None
    )


def _gap_interval(gap: Difference | None, decimals: int) -> str:
    if gap is None or gap.ci_low is None:
        return ""
    return f"{signed(gap.ci_low, decimals)} to {signed(gap.ci_high, decimals)}"


def _thumbnail(page: ImagePage, places: Places, table: SetTable) -> dict[str, Any]:
    lead = table.lines[0].restorer if table.lines else ""
    picture = next((picture for picture in page.shown.pictures if picture.label == lead), None)
    return {
        "image": page.image,
        "link": places.image(page.set, page.image),
        "file": page.shown.thumbnail,
        "frame": page.shown.frame,
        "caption": f"{lead} {picture.caption}" if picture and picture.caption else "",
    }
