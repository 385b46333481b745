"""Plots as SVG that takes its colours from the page: text stays text, ink is `currentColor`."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.results import TradeOff, TradeOffPoint
from reports.wording import arrow, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# matplotlib writes these placeholders, which then become the page's own colours
_INK, _ACCENT, _FAINT, _GRID = "#010203", "#040506", "#070809", "#0a0b0c"
_COLOURS = {_INK: "currentColor", _ACCENT: "var(--accent)", _FAINT: "var(--muted)", _GRID: "var(--line)"}

_MOST_LABELS = 14


def draw_trade_off(trade_off: TradeOff, units: dict[str, str], salt: str) -> str:
    """Draws one plot.

    Args:
        trade_off: The points; infinite ones are left out.
        units: Unit of each axis by name.
        salt: Keeps the ids apart of several plots in one page.

    Returns:
        An `<svg>` element without a prolog, safe inside HTML: all text is escaped, and never read as mathematics.
        Empty when fewer than two points are finite.
    """
    points = [point for point in trade_off.points if math.isfinite(point.x) and math.isfinite(point.y)]
    if len(points) < 2:
        return ""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style: Any = {
        "svg.fonttype": "none", "svg.hashsalt": salt, "text.color": _INK, "axes.labelcolor": _INK,
        "xtick.color": _FAINT, "ytick.color": _FAINT, "axes.edgecolor": _GRID, "font.size": 10.5,
        "text.parse_math": False, "axes.unicode_minus": True,
    }  # fmt: skip
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(6.4, 4.3), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        _dress(axes, trade_off, units, points)
        _scatter(axes, points)
        figure.draw_without_rendering()
        _label(axes, points)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _inline(out.getvalue())


def _dress(axes: Axes, trade_off: TradeOff, units: dict[str, str], points: Sequence[TradeOffPoint]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for name, better, set_label in (
        (trade_off.x, trade_off.x_higher_is_better, axes.set_xlabel),
        (trade_off.y, trade_off.y_higher_is_better, axes.set_ylabel),
    ):
        unit = units.get(name, "")
        set_label(f"{plain(name)}{f' ({plain(unit)})' if unit else ''}  {arrow(better)} better", fontsize=10.5)
    axes.grid(color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0, pad=6)
    axes.margins(x=0.14, y=0.12)
    seconds = [point.x for point in points]
    if trade_off.x == "seconds" and min(seconds) > 0:
        axes.set_xscale("log")
        narrow = max(seconds) / min(seconds) < 20
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(which="minor", length=0)


def _scatter(axes: Axes, points: Sequence[TradeOffPoint]) -> None:
    best = sorted((point for point in points if point.pareto), key=lambda point: (point.x, point.y))
    if len(best) > 1:
        axes.plot(
            [p.x for p in best], [p.y for p in best], color=_ACCENT, linewidth=1.2, linestyle=(0, (3, 3)), alpha=0.6
        )
    for pareto, colour in ((False, _FAINT), (True, _ACCENT)):
        chosen = [point for point in points if point.pareto is pareto]
        axes.scatter([p.x for p in chosen], [p.y for p in chosen], s=46, color=colour, linewidths=0, zorder=3)


def _label(axes: Axes, points: Sequence[TradeOffPoint]) -> None:
    """Writes the names beside their points, moved apart; in a crowd only those on the front have one."""
    shown = [point for point in points if point.pareto or len(points) <= _MOST_LABELS]
    box = axes.get_window_extent()
    taken: list[tuple[float, float, float]] = []  # left, right, height
    for point in sorted(shown, key=lambda point: (-point.y, point.x)):
        x, y = (float(value) for value in axes.transData.transform((point.x, point.y)))
        width = 6.2 * min(len(point.restorer), 34) + 8
        on_left = x + width > box.x1
        left = x - width if on_left else x
        shift = 0.0
        while any(left < right and other < left + width and abs(y + shift - at) < 13 for other, right, at in taken):
            shift -= 3
        taken.append((left, left + width, y + shift))
        text = plain(point.restorer)
        axes.annotate(
            text if len(text) <= 34 else text[:33] + "…",
            (point.x, point.y),
            xytext=(-8 if on_left else 8, shift * 0.72),
            textcoords="offset points",
            ha="right" if on_left else "left",
            va="center",
            fontsize=9.5,
        )


def _inline(svg: str) -> str:
    svg = svg[svg.index("<svg") :]
    # its style sheet would reach the whole page, and the ids of its groups are the same in every plot
    svg = re.sub(r"<metadata>.*?</metadata>|<style\b.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    for placeholder, colour in _COLOURS.items():
        svg = svg.replace(placeholder, colour)
    # the viewBox scales it to the column; the page's CSS sets the font
    return re.sub(r'(<svg[^>]*?) (?:width|height)="[^"]*"([^>]*?) (?:width|height)="[^"]*"', r"\1\2", svg, count=1)
