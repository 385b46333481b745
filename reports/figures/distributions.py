"""Scores of each restorer image by image: a box with its median, and a dot for each image."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reports.figures.style import ACCENT, FAINT, GRID, INK, axes_within, draw, quantity, short, text_inches

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_RESTORERS = 24
_MOST_DOTS = 120


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
    finite = {name: [value for value in values.get(name, ()) if math.isfinite(value)] for name in order}
    names = [name for name in order if len(finite[name]) >= 3][:MOST_RESTORERS]
    if not names:
        return ""

    def paint(figure: Figure) -> None:
        axes = axes_within(figure, 0.35 + text_inches([short(name, 22) for name in names]), 0.58)
        places = range(len(names), 0, -1)
        boxes = axes.boxplot(
            [finite[name] for name in names], positions=list(places), orientation="horizontal", widths=0.56,
            showfliers=False, patch_artist=True,
        )  # fmt: skip
        for line in (*boxes["whiskers"], *boxes["caps"]):
            line.set(color=FAINT, linewidth=1)
        for box in boxes["boxes"]:
            box.set(facecolor="none", edgecolor=FAINT, linewidth=1)
        for line in boxes["medians"]:
            line.set(color=INK, linewidth=2)
        for place, name in zip(places, names, strict=True):
            dots = sorted(finite[name])
            step = max(1, len(dots) // _MOST_DOTS)
            axes.plot(
                dots[::step], [place] * len(dots[::step]), linestyle="", marker="o", markersize=3.4,
                markerfacecolor=ACCENT, markeredgewidth=0, alpha=0.55,
            )  # fmt: skip
        axes.set_yticks(list(places), [short(name, 22) for name in names])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=GRID, linewidth=0.8)
        axes.set_xlabel(quantity(metric, unit, higher_is_better))

    return draw((6.0, 0.9 + 0.34 * len(names)), salt, paint)
