"""Line charts as plain SVG whose colours are the page's own, so that they follow light and dark."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.results import Trend

WIDTH, HEIGHT = 760, 240
LEFT, RIGHT, TOP, BOTTOM = 70, 14, 12, 12

COLOURS = 6
"""Lines repeat colours after so many, and are dashed from then on."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One run on a line; `step` is `worse`, `better` or empty."""

    x: float
    y: float
    step: str
    title: str


def chart(trends: Sequence[Trend], runs: Sequence[str]) -> dict[str, object] | None:
    """Where everything lies in a chart of one set and metric, in SVG units.

    Args:
        trends: One a restorer, in one unit.
        runs: Every run, oldest first; the horizontal axis.

    Returns:
        Ticks, lines and marks; `None` when no value is finite.
    """
    finite = [
        point.value for trend in trends for point in trend.points if math.isfinite(point.value)
    ]
    if not finite:
        return None
    margin = 0.06 * (max(finite) - min(finite)) or max(abs(max(finite)) * 0.01, 0.01)
    low, high = min(finite) - margin, max(finite) + margin
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "ticks": [(_up(value, low, high), f"{value:.4g}") for value in _ticks(low, high)],
        "lines": [
            {
                "colour": place % COLOURS,
                "dashed": place >= COLOURS,
                "restorer": trend.restorer,
                "marks": _marks(trend, runs, low, high),
            }
            for place, trend in enumerate(trends)
        ],
    }


def _marks(trend: Trend, runs: Sequence[str], low: float, high: float) -> list[Mark]:
    return [
        Mark(
            round(LEFT + (runs.index(point.run) + 0.5) / len(runs) * (WIDTH - LEFT - RIGHT), 1),
            _up(point.value, low, high),
            "" if point.step is None else "worse" if point.worse else "better",
            f"{trend.restorer}, {point.run}: {point.value:.6g} {trend.unit}".strip(),
        )
        for point in trend.points
        if math.isfinite(point.value)
    ]


def _up(value: float, low: float, high: float) -> float:
    return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)


def _ticks(low: float, high: float) -> list[float]:
    """Three to eight round numbers between two ends."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [index * step for index in range(math.ceil(low / step), math.floor(high / step) + 1)]
