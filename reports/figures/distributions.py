"""Scores of each restorer image by image: a box with its median, and a dot for each image."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cbook import boxplot_stats
from matplotlib.figure import Figure

from harness.results.columns import ScoreColumns
from reports.figures.style import (
    ACCENT,
    FAINT,
    GRID,
    INK,
    axes_within,
    painted,
    quantity,
    short,
    text_inches,
)

MOST_RESTORERS = 24
_MOST_DOTS = 100
Dot = TypeVar("Dot", float, tuple[float, str])
_HALF = 0.28
"""Half of a box's height; restorers are 1 apart."""


def scores_of_set(scores: ScoreColumns, name: str, metric: str) -> dict[str, list[float]]:
    """Restorer -> its scores on a set by a metric."""
    return {
        restorer: [value for value, _ in pairs]
        for restorer, pairs in images_of_set(scores, name, metric).items()
    }


def images_of_set(
    scores: ScoreColumns, name: str, metric: str
) -> dict[str, list[tuple[float, str]]]:
    """Restorer -> its scores on a set by a metric, each with its image."""
    restorers, sets, images, metrics = scores.names
    if name not in sets or metric not in metrics:
        return {}
    here = (scores.codes[1] == sets.index(name)) & (scores.codes[3] == metrics.index(metric))
    codes, values, places = scores.codes[0][here], scores.values[here], scores.codes[2][here]
    return {
        restorers[code]: [
            (value, images[place])
            for value, place in zip(
                values[codes == code].tolist(), places[codes == code].tolist(), strict=True
            )
        ]
        for code in np.unique(codes)
    }


def plot_distributions(
    values: Mapping[str, Sequence[float]],
    metric: str,
    unit: str,
    higher_is_better: bool,
    order: Sequence[str],
) -> Figure | None:
    """Draws one plot.

    Args:
        values: Restorer -> its scores; infinite ones are left out.
        metric: Name of the metric.
        unit: Its unit, or an empty string.
        higher_is_better: Its direction.
        order: Restorers in the order to show; the first `MOST_RESTORERS` are.

    Returns:
        A figure, or `None` when no restorer has three finite scores.
    """
    shown = shown_restorers(values, order)
    if not shown:
        return None
    label = quantity(metric, unit, higher_is_better)
    scores = {name: [v for v in values[name] if math.isfinite(v)] for name in shown}
    return painted((6.0, 0.9 + 0.34 * len(shown)), _paint, scores, label)


def shown_restorers(values: Mapping[str, Sequence[float]], order: Sequence[str]) -> list[str]:
    """The restorers that a plot shows, from top to bottom: the first with three finite scores."""
    enough = [name for name in order if sum(map(math.isfinite, values.get(name, ()))) >= 3]
    return enough[:MOST_RESTORERS]


def _paint(figure: Figure, scores: Mapping[str, Sequence[float]], label: str) -> None:
    names = [short(name, 22) for name in scores]
    axes = axes_within(figure, 0.35 + text_inches(names), 0.58)
    places = range(len(names), 0, -1)
    _boxes(axes, places, list(scores.values()))
    dots = [
        (v, place)
        for place, of in zip(places, scores.values(), strict=True)
        for v in shown_dots(of)
    ]
    axes.plot(
        *zip(*dots, strict=True),
        linestyle="",
        marker="o",
        markersize=3.4,
        markerfacecolor=ACCENT,
        markeredgewidth=0,
        alpha=0.55,
    )
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", labelcolor=INK)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_xlabel(label)


def _boxes(axes: Axes, places: Sequence[int], scores: Sequence[Sequence[float]]) -> None:
    """Boxes, medians and whiskers.

    Lines are drawn together: an artist for each box would take longer than all the rest.
    """
    boxes = boxplot_stats(scores)
    lows, q1s, medians, q3s, highs = (
        [box[key] for box in boxes] for key in ("whislo", "q1", "med", "q3", "whishi")
    )
    bottoms, tops = ([place + side for place in places] for side in (-_HALF, _HALF))
    whiskers = (places, lows, q1s), (places, q3s, highs)
    for y, left, right in (*whiskers, (bottoms, q1s, q3s), (tops, q1s, q3s)):
        axes.hlines(y, left, right, color=FAINT, linewidth=1)
    for x, colour, width in ((q1s, FAINT, 1), (q3s, FAINT, 1), (medians, INK, 2)):
        axes.vlines(x, bottoms, tops, color=colour, linewidth=width)


def shown_dots(values: Sequence[Dot]) -> list[Dot]:
    """All values, or of many every so many-th in their order, so that the page stays small."""
    return sorted(values)[:: max(1, len(values) // _MOST_DOTS)]
