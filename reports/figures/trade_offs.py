"""Two quantities that pull apart, as points.

Quality against cost, perception against distortion.
"""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.results import TradeOff, TradeOffPoint
from reports.figures.style import (
    ACCENT,
    FAINT,
    GRID,
    LABEL,
    MOST_NAMED,
    axes_within,
    log_axis,
    painted,
    quantity,
    short,
)

_MOST_LABELS = 14
COSTS = {"seconds": "s", "parameters": "", "peak_mib": "MiB"}
"""Quantities that are costs and not metrics, with their units: drawn on a logarithmic axis."""
_TITLES = {"seconds": "seconds an image", "peak_mib": "peak memory", "parameters": "parameters"}


def plot_trade_off(trade_off: TradeOff, units: Mapping[str, str]) -> Figure | None:
    """Draws one plot.

    Args:
        trade_off: The points; infinite ones are left out, and those that a logarithmic axis cannot
            show.
        units: Unit of each metric by name.

    Returns:
        A figure, or `None` when fewer than two points can be shown.
    """
    points = shown_points(trade_off)
    if len(points) < 2:
        return None
    return painted((6.0, 4.0), _paint, trade_off, points, units)


def shown_points(trade_off: TradeOff) -> list[TradeOffPoint]:
    """The points that a plot shows: the finite ones, on an axis of logarithms those above zero."""
    log = trade_off.x in COSTS
    return [
        p
        for p in trade_off.points
        if math.isfinite(p.x) and math.isfinite(p.y) and (p.x > 0 or not log)
    ]


def _paint(
    figure: Figure, trade_off: TradeOff, points: Sequence[TradeOffPoint], units: Mapping[str, str]
) -> None:
    axes, x, y = axes_within(figure, 0.62, 0.58, right=0.28), trade_off.x, trade_off.y
    x_name, x_unit = _TITLES.get(x, x), COSTS.get(x, units.get(x, ""))
    axes.set_xlabel(quantity(x_name, x_unit, trade_off.x_higher_is_better))
    axes.set_ylabel(quantity(y, units.get(y, ""), trade_off.y_higher_is_better))
    axes.grid(color=GRID, linewidth=0.8)
    axes.margins(x=0.14, y=0.12)
    if trade_off.x in COSTS:
        log_axis(axes, [point.x for point in points])
    _scatter(axes, points)
    axes.autoscale_view()
    _label(axes, points)


def _scatter(axes: Axes, points: Sequence[TradeOffPoint]) -> None:
    best = sorted((point for point in points if point.pareto), key=lambda point: (point.x, point.y))
    front = [p.x for p in best], [p.y for p in best]
    if len(best) > 1:
        axes.plot(*front, color=ACCENT, linewidth=1.2, linestyle=(0, (3, 3)), alpha=0.6)
    # rings and discs, so that the front is not told by colour alone
    others = [(p.x, p.y) for p in points if not p.pareto]
    axes.scatter(
        [x for x, _ in others],
        [y for _, y in others],
        s=34,
        facecolors="none",
        edgecolors=FAINT,
        linewidths=1.4,
    )
    axes.scatter(*front, s=46, color=ACCENT, linewidths=0, zorder=3)


def _label(axes: Axes, points: Sequence[TradeOffPoint]) -> None:
    """Writes the names beside their points, moved apart.

    In a crowd only those on the front have one.
    """
    shown = [point for point in points if point.pareto or len(points) <= _MOST_LABELS]
    box = axes.get_window_extent()
    taken: list[tuple[float, float, float]] = []  # left, right, height
    for point in sorted(shown, key=lambda point: (-point.y, point.x)):
        x, y = (float(value) for value in axes.transData.transform((point.x, point.y)))
        width = 6.2 * min(len(point.restorer), MOST_NAMED) + 8
        on_left = x + width > box.x1
        left = x - width if on_left else x
        shift = 0.0
        while any(
            left < right and other < left + width and abs(y + shift - at) < 13
            for other, right, at in taken
        ):
            shift -= 3
        taken.append((left, left + width, y + shift))
        axes.annotate(
            short(point.restorer),
            (point.x, point.y),
            xytext=(-8 if on_left else 8, shift * 0.72),
            textcoords="offset points",
            ha="right" if on_left else "left",
            va="center",
            fontsize=9.5,
            gid=LABEL,
        )
