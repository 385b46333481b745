"""Whether the metrics agree: a heat map of Kendall's tau.

Over restorers in one half, and within images in the other.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from harness.results import Agreement
from reports.figures.style import ACCENT, BAD, GRID, INK, axes_within, painted, short, text_inches

MOST_METRICS = 16
_STRONGEST = 0.55
"""Opacity of a tau of 1: less than full, so that the numbers stay legible in light and dark."""


def plot_agreement(agreements: Sequence[Agreement]) -> Figure | None:
    """Draws one heat map.

    Args:
        agreements: Those of one set.

    Returns:
        A figure, or `None` with fewer than three metrics.
    """
    metrics = dict.fromkeys(name for item in agreements for name in (item.metric, item.versus))
    names = list(metrics)[:MOST_METRICS]
    if len(names) < 3:
        return None
    size = max(4.4, 0.62 * len(names) + 1.6), 0.55 * len(names) + 0.9
    return painted(size, _paint, agreements, names)


def _paint(figure: Figure, agreements: Sequence[Agreement], names: Sequence[str]) -> None:
    axes = _grid(figure, names)
    place = {name: number for number, name in enumerate(names)}
    for item in agreements:
        if item.metric in place and item.versus in place:
            low, high = sorted((place[item.metric], place[item.versus]))
            # above the diagonal over restorers, below it within images
            _tau(axes, low, high, item.over_restorers)
            _tau(axes, high, low, item.within_images)
    for number in range(len(names)):
        axes.add_patch(_box(number, number, GRID))


def _grid(figure: Figure, names: Sequence[str]) -> Axes:
    """Axes with a row and a column for each metric."""
    rows, columns = ([short(name, most) for name in names] for most in (20, 12))
    axes = axes_within(figure, 0.2 + text_inches(rows), 0.12, 0.1, 0.75)
    axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5))
    axes.spines[:].set_visible(False)
    axes.set_xticks(range(len(names)), columns, rotation=30, ha="left", color=INK)
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", pad=2)
    axes.set_yticks(range(len(names)), rows, color=INK)
    return axes


def _tau(axes: Axes, row: int, column: int, tau: float | None) -> None:
    if tau is not None:
        axes.add_patch(_box(row, column, ACCENT if tau >= 0 else BAD, _STRONGEST * abs(tau)))
    text = "–" if tau is None else f"{tau:.2f}".replace("-", "−")
    axes.text(column, row, text, ha="center", va="center", fontsize=9, color=INK)


def _box(row: int, column: int, colour: str, opacity: float | None = None) -> Rectangle:
    return Rectangle(
        (column - 0.48, row - 0.46), 0.96, 0.92, facecolor=colour, alpha=opacity, linewidth=0
    )
