"""Line charts as plain SVG whose colours are the page's own, so that they follow light and dark."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.results import Trend

WIDTH, HEIGHT = 760, 262
LEFT, RIGHT, TOP, BOTTOM = 70, 14, 12, 34

COLOURS = 6
"""Lines repeat colours after so many, and are dashed from then on."""

SHAPES = (
    "M{x} {y}m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0",
    "M{x} {y}m-3.2 -3.2h6.4v6.4h-6.4z",
    "M{x} {y}m0 -4.4l4.2 7.2h-8.4z",
    "M{x} {y}m0 -4.6l4 4.6l-4 4.6l-4 -4.6z",
    "M{x} {y}m0 4.4l4.2 -7.2h-8.4z",
)
"""The marks of one line after the other: disc, square, triangle, diamond, triangle; as many as make
thirty lines differ by colour and shape."""

MOST_NAMES = 8
"""Runs that are named below the axis; of more, the first, the last and some between."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One run on a line; `step` is `worse`, `better` or empty, `path` the mark's own shape."""

    x: float
    y: float
    path: str
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
        "bottom": HEIGHT - BOTTOM,
        "names": _names(runs),
        "ticks": [(_up(value, low, high), f"{value:.4g}") for value in _ticks(low, high)],
        "lines": [
            {
                "colour": place % COLOURS,
                "dashed": place >= COLOURS,
                "shape": SHAPES[place % len(SHAPES)].format(x=8, y=6),
                "restorer": trend.restorer,
                "marks": list(_marks(trend, runs, low, high, SHAPES[place % len(SHAPES)])),
            }
            for place, trend in enumerate(trends)
        ],
    }


def _marks(
    trend: Trend, runs: Sequence[str], low: float, high: float, shape: str
) -> Iterator[Mark]:
    for point in trend.points:
        if math.isfinite(point.value):
            x, y = _across(runs.index(point.run), runs), _up(point.value, low, high)
            step = "" if point.step is None else "worse" if point.worse else "better"
            told = f"{trend.restorer}, {point.run}: {point.value:.6g} {trend.unit}".strip()
            yield Mark(x, y, shape.format(x=x, y=y), step, told)


def _across(place: int, runs: Sequence[str]) -> float:
    return round(LEFT + (place + 0.5) / len(runs) * (WIDTH - LEFT - RIGHT), 1)


def _names(runs: Sequence[str]) -> list[tuple[float, str]]:
    """Where the names of runs stand below the axis."""
    count = min(MOST_NAMES, len(runs))
    places = sorted({round(at * (len(runs) - 1) / max(1, count - 1)) for at in range(count)})
    short, most = short_names(runs), max(6, 100 // count)
    names = [short[runs[place]] for place in places]
    cut = [name if len(name) <= most else f"…{name[1 - most :]}" for name in names]
    return [(_across(place, runs), name) for place, name in zip(places, cut, strict=True)]


def short_names(runs: Sequence[str]) -> dict[str, str]:
    """Runs by the names of their files or folders, where those tell them apart."""
    stems = [Path(run).stem or run for run in runs]
    return dict(zip(runs, stems if len(set(stems)) == len(runs) else runs, strict=True))


def _up(value: float, low: float, high: float) -> float:
    return round(TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)


def _ticks(low: float, high: float) -> list[float]:
    """Three to eight round numbers between two ends."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [index * step for index in range(math.ceil(low / step), math.floor(high / step) + 1)]
