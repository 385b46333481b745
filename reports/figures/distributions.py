"""Scores of each restorer image by image: a box with its median, and a dot for each image."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reports.figures.style import (
    ACCENT,
    FAINT,
    GRID,
    INK,
    axes_within,
    draw,
    quantity,
    short,
    text_inches,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_RESTORERS = 24
_MOST_DOTS = 100
_HALF = 0.28
"""Half of a box's height; restorers are 1 apart."""


def draw_distributions(
    values: Mapping[str, Sequence[float]],
    metric: str,
    unit: str,
    higher_is_better: bool,
    order: Sequence[str],
    salt: str,
) -> str:
    """Draws one plot.

    Args:
        values: Restorer -> its scores; infinite ones are left out.
        metric: Name of the metric.
        unit: Its unit, or an empty string.
        higher_is_better: Its direction.
        order: Restorers in the order to show; the first `MOST_RESTORERS` are.
        salt: Keeps the ids apart of several plots in one page.

    Returns:
        An `<svg>` element as `style.draw` makes it; empty when no restorer has three finite scores.
    """
    finite = {
        name: [value for value in values.get(name, ()) if math.isfinite(value)] for name in order
    }
    names = [name for name in order if len(finite[name]) >= 3][:MOST_RESTORERS]
    if not names:
        return ""

    def paint(figure: Figure) -> None:
        from matplotlib.cbook import boxplot_stats

        axes = axes_within(figure, 0.35 + text_inches([short(name, 22) for name in names]), 0.58)
        places = list(range(len(names), 0, -1))
        boxes = boxplot_stats([finite[name] for name in names])
        lows, q1s, medians, q3s, highs = (
            [box[key] for box in boxes] for key in ("whislo", "q1", "med", "q3", "whishi")
        )
        # lines drawn together: an artist for each box would take longer than all the rest
        axes.hlines(places, lows, q1s, color=FAINT, linewidth=1)
        axes.hlines(places, q3s, highs, color=FAINT, linewidth=1)
        for side in (-_HALF, _HALF):
            axes.hlines([place + side for place in places], q1s, q3s, color=FAINT, linewidth=1)
        for ends in (q1s, q3s):
            axes.vlines(
                ends,
                [p - _HALF for p in places],
                [p + _HALF for p in places],
                color=FAINT,
                linewidth=1,
            )
        axes.vlines(
            medians,
            [p - _HALF for p in places],
            [p + _HALF for p in places],
            color=INK,
            linewidth=2,
        )
        dots = [
            (value, place)
            for place, name in zip(places, names, strict=True)
            for value in _some(finite[name])
        ]
        axes.plot(
            [value for value, _ in dots],
            [place for _, place in dots],
            linestyle="",
            marker="o",
            markersize=3.4,
            markerfacecolor=ACCENT,
            markeredgewidth=0,
            alpha=0.55,
        )
        axes.set_yticks(places, [short(name, 22) for name in names])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=GRID, linewidth=0.8)
        axes.set_xlabel(quantity(metric, unit, higher_is_better))

    return draw((6.0, 0.9 + 0.34 * len(names)), salt, paint)


def _some(values: Sequence[float]) -> list[float]:
    """All values, or of many every so many-th in their order, so that the page stays small."""
    ordered = sorted(values)
    return ordered[:: max(1, len(ordered) // _MOST_DOTS)]
