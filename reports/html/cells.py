"""A leaderboard's cell in words and marks: mean, interval, ranks, best or tied.

All pages share it.
"""

import math
from collections.abc import Mapping

from harness.protocols.report import ReportData
from harness.results import Difference, Leaderboard, LeaderboardRow
from reports.wording import arrow, digits, interval, number, p_value, rank_range, signed

Scale = tuple[float, float]
Gaps = Mapping[tuple[str | None, str, str], Difference]
"""(set, metric, restorer) -> how far it is from the best mean."""


def metric_head(name: str, report: ReportData) -> dict[str, object]:
    """A metric's name, unit and direction, as the head of a column."""
    card = report.data.run.metric(name)
    return {
        "name": name,
        "unit": card.unit,
        "arrow": arrow(card.higher_is_better),
        "higher": card.higher_is_better,
    }


def places_of(metric: str, report: ReportData) -> int:
    """Decimal places of a metric."""
    return digits(report.data.run.metric(metric))


def with_unit(value: float | None, metric: str, report: ReportData) -> str:
    """A value of a metric with its unit, such as `34.21 dB`."""
    card = report.data.run.metric(metric)
    return f"{number(value, digits(card))} {card.unit}".strip()


def worded_cell(
    row: LeaderboardRow | None, places: int, scale: Scale | None = None
) -> dict[str, object]:
    """A mean and its interval in words, what to sort by, and whether it is best or tied with it."""
    if row is None or row.mean is None:
        words = dict.fromkeys(("sort", "interval", "ranks"), "")
        return {"text": None, "best": False, "tied": False, "marks": None, **words}
    return {
        "text": number(row.mean, places),
        "sort": sortable(row.mean),
        "interval": interval(row.ci_low, row.ci_high, places),
        "ranks": rank_range(row.rank_low, row.rank_high),
        "best": row.rank == 1,
        "tied": row.rank != 1 and row.rank_low == 1,
        "marks": _marks(row, scale),
    }


def worded_gap(gap: Difference | None, places: int) -> dict[str, str]:
    """How far a restorer is from the best mean, and whether that is real."""
    if gap is None:
        return dict.fromkeys(("gap", "gap_interval", "versus", "p"), "")
    return {
        "gap": signed(gap.difference, places),
        "gap_interval": interval(gap.ci_low, gap.ci_high, places, signed),
        "versus": gap.versus,
        "p": p_value(gap.p),
    }


def sortable(value: float) -> str:
    """A number that JavaScript reads as the same number."""
    return repr(value).replace("inf", "Infinity")


def scale_of(board: Leaderboard) -> Scale | None:
    """The scale that all intervals of a leaderboard share: its start and its span."""
    ranked = [row for row in board.rows if row.rank is not None]
    values = [value for row in ranked for value in (row.mean, row.ci_low, row.ci_high)]
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    span = high - low or max(abs(high), 1.0) * 0.02
    return low - 0.02 * span, 1.04 * span


def _marks(row: LeaderboardRow, scale: Scale | None) -> dict[str, float] | None:
    """Where the mean and the ends of the interval lie, from 0 to 100."""
    ends = [row.mean if end is None else end for end in (row.mean, row.ci_low, row.ci_high)]
    finite = [end for end in ends if end is not None and math.isfinite(end)]
    if scale is None or len(finite) < len(ends):
        return None
    places = [round(100 * (end - scale[0]) / scale[1], 1) for end in finite]
    return dict(zip(("mean", "low", "high"), places, strict=True))
