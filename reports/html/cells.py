"""A leaderboard's cell in words and marks: mean, interval, ranks, best or tied.

All pages share it.
"""

import math
from typing import NamedTuple

from harness.protocols.report import ReportData
from harness.results import Leaderboard, LeaderboardRow
from reports.html.metrics_in_words import about
from reports.wording import arrow, digits, interval, number, p_value, rank_range, signed


class Scale(NamedTuple):
    """What a leaderboard's intervals are drawn to: where it starts, its span, the best mean."""

    start: float
    span: float
    best: float

    def place(self, value: float) -> float:
        """Where a value lies, from 0 to 100; beyond the scale at its end."""
        return round(min(max(100 * (value - self.start) / self.span, 0.0), 100.0), 1)


def metric_head(name: str, report: ReportData) -> dict[str, object]:
    """A metric's name, unit and direction, as the head of a column."""
    card = report.data.run.metric(name)
    return {
        "name": name,
        "unit": card.unit,
        "arrow": arrow(card.higher_is_better),
        "higher": card.higher_is_better,
        "about": about(card),
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
    """A mean and its gap to the best in words and marks, what to sort by, whether it is tied."""
    if row is None or row.mean is None:
        words = dict.fromkeys(("sort", "interval", "ranks", "gap", "p"), "")
        return {"text": None, "best": False, "tied": False, "marks": None, **words}
    return {
        "text": number(row.mean, places),
        "sort": sortable(row.mean),
        "gap": signed(row.gap, places) if row.gap or row.p is not None else "",
        "interval": interval(row.gap_low, row.gap_high, places, signed),
        "p": "" if row.p is None else p_value(row.p),
        "ranks": rank_range(row.rank_low, row.rank_high),
        "best": row.rank == 1,
        "tied": row.ties_best,
        "marks": _marks(row, scale),
    }


def sortable(value: float) -> str:
    """A number that JavaScript reads as the same number."""
    return repr(value).replace("inf", "Infinity")


def scale_of(board: Leaderboard) -> Scale | None:
    """The scale of a leaderboard's intervals: at most three times as wide as its means."""
    ranked = [row for row in board.rows if row.rank is not None and row.mean is not None]
    means = [row.mean for row in ranked if row.mean is not None and math.isfinite(row.mean)]
    best = ranked[0].mean if ranked else None
    if not means or best is None or not math.isfinite(best):
        return None
    ends = [best + end for row in ranked for end in (row.gap_low, row.gap_high) if end is not None]
    low, high = min(means), max(means)
    room = high - low or max(abs(high), 1.0) * 0.02
    low, high = min([low, *ends]), max([high, *ends])
    low, high = max(low, min(means) - room), min(high, max(means) + room)
    span = high - low or room
    return Scale(low - 0.02 * span, 1.04 * span, best)


def _marks(row: LeaderboardRow, scale: Scale | None) -> dict[str, float] | None:
    """Where the mean, its interval from the best and the best mean lie, from 0 to 100."""
    if scale is None or row.mean is None or not math.isfinite(row.mean):
        return None
    ends = [row.mean if end is None else scale.best + end for end in (row.gap_low, row.gap_high)]
    places = map(scale.place, (row.mean, *ends, scale.best))
    return dict(zip(("mean", "low", "high", "best"), places, strict=True))
