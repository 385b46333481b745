"""A leaderboard's cell in words and marks: mean, interval, ranks, best or tied. All pages share it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from harness.protocols import ReportData
from harness.results import Difference, Leaderboard, LeaderboardRow
from reports.wording import arrow, digits, number, rank_range

Scale = tuple[float, float]
Gaps = Mapping[tuple[str | None, str, str], Difference]
"""(set, metric, restorer) -> how far it is from the best mean."""
_WIDTH = 100


def metric_head(name: str, report: ReportData) -> dict[str, Any]:
    """A metric's name, unit and direction, as the head of a column."""
    card = report.data.run.metrics.get(name, {})
    higher = next(
        (board.higher_is_better for board in report.leaderboards if board.metric == name), True
    )
    return {"name": name, "unit": card.get("unit") or "", "arrow": arrow(higher), "higher": higher}


def places_of(metric: str, report: ReportData) -> int:
    """Decimal places of a metric."""
    return digits(report.data.run.metrics.get(metric, {}))


def with_unit(value: float | None, metric: str, report: ReportData) -> str:
    """A value of a metric with its unit, such as `34.21 dB`."""
    unit = str(report.data.run.metrics.get(metric, {}).get("unit") or "")
    return f"{number(value, places_of(metric, report))} {unit}".strip()


def worded_cell(
    row: LeaderboardRow | None, places: int, scale: Scale | None = None
) -> dict[str, Any]:
    """A mean and its interval in words, what to sort by, and whether it is best or tied with the best."""
    if row is None or row.mean is None:
        return {
            "text": None,
            "sort": "",
            "interval": "",
            "ranks": "",
            "best": False,
            "tied": False,
            "marks": None,
        }
    known = row.ci_low is not None and row.ci_high is not None
    return {
        "text": number(row.mean, places),
        "sort": sortable(row.mean),
        "interval": f"{number(row.ci_low, places)} to {number(row.ci_high, places)}"
        if known
        else "",
        "ranks": rank_range(row.rank_low, row.rank_high),
        "best": row.rank == 1,
        "tied": row.rank != 1 and row.rank_low == 1,
        "marks": marks(row, scale),
    }


def sortable(value: float) -> str:
    """A number that JavaScript reads as the same number."""
    return repr(value).replace("inf", "Infinity")


def scale_of(board: Leaderboard) -> Scale | None:
    """The scale that all intervals of a leaderboard share: its start and its span."""
    values: Sequence[float | None] = [
        value
        for row in board.rows
        if row.rank is not None
        for value in (row.mean, row.ci_low, row.ci_high)
    ]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    span = high - low or max(abs(high), 1.0) * 0.02
    return low - 0.02 * span, 1.04 * span


def marks(row: LeaderboardRow, scale: Scale | None) -> dict[str, float] | None:
    """Where the mean and the ends of the interval lie, from 0 to 100."""
    ends = (
        row.mean,
        row.ci_low if row.ci_low is not None else row.mean,
        row.ci_high if row.ci_high is not None else row.mean,
    )
    if scale is None or any(end is None or not math.isfinite(end) for end in ends):
        return None
    places = [round(_WIDTH * (end - scale[0]) / scale[1], 1) for end in ends if end is not None]
    return dict(zip(("mean", "low", "high"), places, strict=True))
