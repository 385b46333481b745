"""What the page shows of each set: plots, and a leaderboard for each metric with ranks, intervals and gaps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.protocols import ReportData
from harness.results import FEW_IMAGES, Difference, Leaderboard, LeaderboardRow
from reports.figures import draw_trade_off
from reports.pivot import SetTable
from reports.wording import arrow, digits, number, p_value, rank_range, signed


def set_section(report: ReportData, table: SetTable, place: int) -> dict[str, Any]:
    """One set: its facts, plots and leaderboards. `place` keeps the ids of its plots apart from others."""
    from markupsafe import Markup

    plan = (report.data.run.plan.get("sets") or {}).get(table.set, {}) if table.set else {}
    behind = {(d.metric, d.restorer): d for d in report.behind if d.set == table.set}
    units = {name: str(card.get("unit") or "") for name, card in report.data.run.metrics.items()} | {"seconds": "s"}
    drawn = [
        # matplotlib has escaped every name in it
        (item.kind, item.x, item.y, Markup(draw_trade_off(item, units, f"set{place}-{item.kind}")))  # noqa: S704
        for item in report.trade_offs
        if item.set == table.set
    ]
    images = max((row.n for board in table.boards for row in board.rows), default=0)
    return {
        "name": table.set or "all sets",
        "task": table.task,
        "fingerprint": plan.get("fingerprint"),
        "images": images,
        "few": images < FEW_IMAGES,
        "boards": [_board(report, board, behind) for board in table.boards],
        "figures": [figure for figure in drawn if figure[3]],
    }


def _board(report: ReportData, board: Leaderboard, behind: Mapping[tuple[str, str], Difference]) -> dict[str, Any]:
    card = report.data.run.metrics.get(board.metric, {})
    places = digits(card)
    ranked = [row for row in board.rows if row.rank is not None]
    leader = ranked[0].restorer if ranked else None
    tied = [row.restorer for row in ranked[1:] if row.rank_low == 1]
    scale = _scale([value for row in ranked for value in (row.mean, row.ci_low, row.ci_high)])
    rows = []
    for row in board.rows:
        gap = behind.get((board.metric, row.restorer))
        rows.append(
            {
                "row": row,
                "value": worded_value(row, places),
                "ranks": rank_range(row.rank_low, row.rank_high),
                "marks": _marks(row, scale),
                "gap": signed(gap.difference, places) if gap else "",
                "gap_interval": _gap_interval(gap, places),
                "p": p_value(gap.p) if gap else "",
            }
        )
    return {**metric_head(board.metric, report), "leader": leader, "tied": tied, "rows": rows}


def _gap_interval(gap: Difference | None, places: int) -> str:
    if gap is None or gap.ci_low is None:
        return ""
    return f"{signed(gap.ci_low, places)} to {signed(gap.ci_high, places)}"


def _scale(values: Sequence[float | None]) -> tuple[float, float] | None:
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    span = high - low or max(abs(high), 1.0) * 0.02
    return low - 0.04 * span, 1.08 * span


def _marks(row: LeaderboardRow, scale: tuple[float, float] | None) -> dict[str, float] | None:
    """Where the mean and the ends of the interval lie on a scale of 0 to 200 that the whole table shares."""
    ends = (
        row.mean,
        row.ci_low if row.ci_low is not None else row.mean,
        row.ci_high if row.ci_high is not None else row.mean,
    )
    if scale is None or any(end is None or not math.isfinite(end) for end in ends):
        return None
    places = [round(200 * (end - scale[0]) / scale[1], 1) for end in ends if end is not None]
    return dict(zip(("mean", "low", "high"), places, strict=True))


def metric_head(name: str, report: ReportData) -> dict[str, Any]:
    """A metric's name, unit and direction, as the head of a column."""
    card = report.data.run.metrics.get(name, {})
    higher = next(board.higher_is_better for board in report.leaderboards if board.metric == name)
    return {"name": name, "unit": card.get("unit") or "", "arrow": arrow(higher), "higher": higher}


def worded_value(row: LeaderboardRow | None, places: int) -> dict[str, Any]:
    """A mean and its interval in words, what to sort by, and whether it is best or tied with the best."""
    if row is None or row.mean is None:
        return {"text": None, "sort": "", "interval": "", "best": False, "tied": False}
    known = row.ci_low is not None and row.ci_high is not None
    return {
        "text": number(row.mean, places),
        "sort": repr(row.mean).replace("inf", "Infinity"),
        "interval": f"{number(row.ci_low, places)} – {number(row.ci_high, places)}" if known else "",
        "best": row.rank == 1,
        "tied": row.rank != 1 and row.rank_low == 1,
    }
