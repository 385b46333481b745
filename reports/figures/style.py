"""What all plots share: matplotlib's SVG with text as text, ids of their own, and the page's colours."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from reports.wording import arrow, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# matplotlib writes these placeholders, which then become the page's own colours
INK, ACCENT, FAINT, GRID, BAD = "#010203", "#040506", "#070809", "#0a0b0c", "#0d0e0f"
_COLOURS = {
    INK: "currentColor", ACCENT: "var(--accent)", FAINT: "var(--muted)", GRID: "var(--line)",
    BAD: "var(--bad)",
}  # fmt: skip
_FONT_SIZE = 10.0
MOST_NAMED = 34


def draw(size: tuple[float, float], salt: str, paint: Callable[[Figure], None]) -> str:
    """Draws one plot.

    Args:
        size: Width and height in inches; 72 units of the SVG each.
        salt: Keeps the ids apart of several plots in one page.
        paint: Paints on the empty figure.

    Returns:
        An `<svg>` element without a prolog, safe inside HTML under a strict content security
        policy: all text is escaped, none is read as mathematics, and there is no style attribute.
    """
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    style: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": salt,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "axes.edgecolor": GRID,
        "font.size": _FONT_SIZE,
        "text.parse_math": False,
        "axes.unicode_minus": True,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=size)
        FigureCanvasSVG(figure)
        paint(figure)
        out = io.StringIO()
        figure.savefig(
            out, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
    return _inline(out.getvalue())


def axes_within(
    figure: Figure, left: float, bottom: float, right: float = 0.15, top: float = 0.12
) -> Axes:
    """Axes with margins in inches, for a layout that is computed takes longer than the plot."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes(
        (left / width, bottom / height, 1 - (left + right) / width, 1 - (bottom + top) / height)
    )
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=0, pad=6)
    return axes


def quantity(name: str, unit: str, higher_is_better: bool | None) -> str:
    """The label of an axis: name, unit, and the direction of better."""
    direction = "" if higher_is_better is None else f"  {arrow(higher_is_better)} better"
    return f"{plain(name)}{f' ({plain(unit)})' if unit else ''}{direction}"


def short(name: str, most: int = MOST_NAMED) -> str:
    """A name, cut where it would not fit."""
    text = plain(name)
    return text if len(text) <= most else text[: most - 1] + "…"


def text_inches(names: Sequence[str]) -> float:
    """Room for the longest of some names; an estimate, for the reader's font is not known here."""
    return max((len(name) for name in names), default=0) * 0.62 * _FONT_SIZE / 72


def log_axis(axes: Axes, values: Sequence[float], which: str = "x") -> None:
    """Makes an axis logarithmic, with ticks that read as plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    decades = math.log10(max(values) / min(values))
    subs = (1, 2, 5) if decades < 1.3 else (1,)
    axis.set_major_locator(LogLocator(subs=subs, numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
    axis.set_minor_locator(NullLocator())


def _tick(value: float) -> str:
    for limit, unit in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if value >= limit:
            return f"{value / (limit if unit != ' k' else 1e3):g}{unit}"
    return f"{value:g}"


def _inline(svg: str) -> str:
    svg = svg[svg.index("<svg") :]
    # its style sheet would reach the whole page, and the ids of its groups are the same in every
    # plot
    svg = re.sub(r"<metadata>.*?</metadata>|<style\b.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<(?!/)[^<>]*>", lambda found: _tag(found.group()), svg)
    svg = re.sub(r"\n+ *", "\n", svg)
    # the viewBox scales it to the column; the page's CSS sets the font
    return re.sub(
        r'(<svg[^>]*?) (?:width|height)="[^"]*"([^>]*?) (?:width|height)="[^"]*"',
        r"\1\2",
        svg,
        count=1,
    )


def _tag(tag: str) -> str:
    """A tag without its style attribute, which the pages' policy forbids: what it says becomes attributes."""
    tag = re.sub(r'^<g id="[^"]*"', "<g", tag)
    tag = re.sub(r' style="([^"]*)"', lambda found: _attributes(found.group(1)), tag)
    for placeholder, colour in _COLOURS.items():
        tag = tag.replace(placeholder, colour)
    return tag


def _attributes(style: str) -> str:
    pairs = (part.split(":", 1) for part in style.split(";") if ":" in part)
    return "".join(
        f' {name.strip()}="{value.strip()}"'
        for name, value in pairs
        if name.strip() != "font-family"
    )
