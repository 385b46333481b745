"""What all plots share: figures of matplotlib, and their SVG with text as text and ids of its own.

The SVG's colours are the page's.
"""

import io
import math
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from reports.wording import arrow, bracketed, plain

# in an SVG these become the page's own colours; no other colour may be one of them
INK, ACCENT, FAINT, GRID, BAD = "#1c1f24", "#0b5cad", "#5d646e", "#d8dce2", "#b3261f"
_COLOURS = {
    INK: "currentColor", ACCENT: "var(--accent)", FAINT: "var(--muted)", GRID: "var(--line)",
    BAD: "var(--bad)",
}  # fmt: skip
_FONT_SIZE = 10.0
_STYLE: dict[Any, object] = {
    "text.color": INK, "axes.labelcolor": INK, "xtick.color": FAINT, "ytick.color": FAINT,
    "axes.edgecolor": GRID, "font.size": _FONT_SIZE, "text.parse_math": False,
    "axes.unicode_minus": True,
}  # fmt: skip
MOST_NAMED = 34
LABEL = "label"
"""The id of names beside points: a page that puts names itself hides these."""
P = ParamSpec("P")
Drawn = TypeVar("Drawn", bound=Figure)


def painted(
    size: tuple[float, float],
    paint: Callable[Concatenate[Figure, P], None],
    *what: P.args,
    **how: P.kwargs,
) -> Figure:
    """Draws one plot.

    Args:
        size: Width and height in inches.
        paint: Paints on the empty figure.
        what: What `paint` is given after the figure.
        how: Likewise, by name.

    Returns:
        A figure that pyplot does not know of; no text in it is read as mathematics.
    """
    return paint_on(Figure(figsize=size), paint, *what, **how)


def paint_on(
    figure: Drawn,
    paint: Callable[Concatenate[Drawn, P], None],
    *what: P.args,
    **how: P.kwargs,
) -> Drawn:
    """Draws on an empty figure, as `painted` does."""
    with matplotlib.rc_context(_STYLE):
        paint(figure, *what, **how)
    return figure


def as_svg(figure: Figure | None, salt: str) -> str:
    """A figure as part of a page.

    Args:
        figure: Of `painted`.
        salt: Keeps the ids apart of several plots in one page.

    Returns:
        An `<svg>` element without a prolog, 72 units an inch, safe inside HTML under a strict
        content security policy: all text is escaped, and there is no style attribute. Empty
        without a figure.
    """
    if figure is None:
        return ""
    out, own = io.StringIO(), _STYLE | {"svg.fonttype": "none", "svg.hashsalt": salt}
    with matplotlib.rc_context(own), warnings.catch_warnings():
        # the reader's browser has the glyphs: text stays text
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from", UserWarning)
        FigureCanvasSVG(figure)
        figure.savefig(
            out, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
    return _inline(out.getvalue())


def svg_places(figure: Figure, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where points of a figure's axes lie in its SVG, in the units of its viewBox."""
    width, height = figure.get_size_inches()
    shares = figure.transFigure.inverted().transform(figure.axes[0].transData.transform(points))
    return [(round(72 * width * x, 1), round(72 * height * (1 - y), 1)) for x, y in shares]


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
    return f"{plain(name)}{bracketed(plain(unit))}{direction}"


def short(name: str, most: int = MOST_NAMED) -> str:
    """A name, cut where it would not fit."""
    text = plain(name)
    return text if len(text) <= most else text[: most - 1] + "…"


def text_inches(names: Sequence[str]) -> float:
    """Room for the longest of some names; an estimate, for the reader's font is not known here."""
    return max((len(name) for name in names), default=0) * 0.62 * _FONT_SIZE / 72


def log_axis(axes: Axes, values: Sequence[float]) -> None:
    """Makes the horizontal axis logarithmic, with ticks that read as plain numbers."""
    axes.set_xscale("log")
    decades = math.log10(max(values) / min(values))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 1.3 else (1,), numticks=8))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
    axes.xaxis.set_minor_locator(NullLocator())


def _tick(value: float) -> str:
    units = ((1e9, 1e9, " G"), (1e6, 1e6, " M"), (1e4, 1e3, " k"), (-math.inf, 1, ""))
    scale, unit = next((scale, unit) for least, scale, unit in units if value >= least)
    return f"{value / scale:g}{unit}"


def _inline(svg: str) -> str:
    # its style sheet would reach the whole page, and every plot has groups of the same ids
    svg = re.sub(
        r"<metadata>.*?</metadata>|<style\b.*?</style>",
        "",
        svg[svg.index("<svg") :],
        flags=re.DOTALL,
    )
    svg = re.sub(r"<(?!/)[^<>]*>", lambda found: _tag(found.group()), svg)
    svg = re.sub(r"\n+ *", "\n", svg)
    # the viewBox scales it to the column; the page's CSS sets the font
    side = r' (?:width|height)="[^"]*"'
    return re.sub(rf"(<svg[^>]*?){side}([^>]*?){side}", r"\1\2", svg, count=1)


def _tag(tag: str) -> str:
    """A tag without its style attribute, which the pages' policy forbids.

    What it says becomes attributes.
    """
    tag = tag.replace(f'<g id="{LABEL}"', f'<g class="{LABEL}"')
    tag = re.sub(r'^<g id="[^"]*"', "<g", tag)
    tag = re.sub(r' style="([^"]*)"', lambda found: _attributes(found.group(1)), tag)
    for placeholder, colour in _COLOURS.items():
        tag = tag.replace(placeholder, colour)
    return tag


def _attributes(style: str) -> str:
    pairs = (map(str.strip, part.split(":", 1)) for part in style.split(";") if ":" in part)
    return "".join(f' {name}="{value}"' for name, value in pairs if name != "font-family")
