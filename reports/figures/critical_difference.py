"""The critical-difference diagram (Demsar, JMLR 2006).

Restorers on an axis of mean ranks, bars over those alike.
"""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.results import CriticalDifference
from reports.figures.style import ACCENT, FAINT, INK, axes_within, painted, short, text_inches

MOST_RESTORERS = 30
_ROW = 0.27
_BAR = 0.34


def plot_critical_difference(diagram: CriticalDifference) -> Figure | None:
    """Draws one diagram: names in two columns, best on the left.

    Thick bars join what is not told apart.

    Args:
        diagram: As the engine computed it.

    Returns:
        A figure, or `None` with fewer than three restorers.
    """
    names, ranks = diagram.restorers[:MOST_RESTORERS], diagram.mean_ranks[:MOST_RESTORERS]
    if len(names) < 3:
        return None
    rank = dict(zip(names, ranks, strict=True))
    alike = [[rank[name] for name in clique if name in rank] for clique in diagram.cliques]
    bars = [(min(found), max(found)) for found in alike if len(found) > 1]
    height = 0.75 + _BAR * max(1, len(bars)) * 0.5 + _ROW * ((len(names) + 1) // 2) + 0.2
    return painted((6.4, height), _paint, rank, bars)


def _paint(figure: Figure, ranks: Mapping[str, float], bars: Sequence[tuple[float, float]]) -> None:
    axes = _axis(figure, ranks)
    for row, (low, high) in enumerate(bars):
        y = 0.12 + _BAR * 0.5 * row
        axes.plot(
            [low - 0.04, high + 0.04], [y, y], color=ACCENT, linewidth=4.5, solid_capstyle="round"
        )
    start = 0.2 + _BAR * 0.5 * max(1, len(bars)) + 0.08
    half = (len(ranks) + 1) // 2
    rows = [*range(half), *reversed(range(len(ranks) - half))]
    heights = [start + _ROW * row for row in rows]
    for order, (name, rank) in enumerate(ranks.items()):
        _name(axes, name, rank, heights[order], order < half)
    low, high = axes.get_xlim()
    # lines from the axis down and out to the names in the margins
    axes.vlines(list(ranks.values()), 0, heights, color=FAINT, linewidth=0.9)
    edges = [low if order < half else high for order in range(len(ranks))]
    axes.hlines(heights, list(ranks.values()), edges, color=FAINT, linewidth=0.9)


def _axis(figure: Figure, ranks: Mapping[str, float]) -> Axes:
    """Mean ranks above the plot, with margins for the names."""
    margin = text_inches([f"{short(name, 24)} 00.0" for name in ranks]) + 0.15
    axes = axes_within(figure, margin, 0.1, margin, 0.62)
    last = max(len(ranks), *ranks.values())
    axes.set(xlim=(1 - 0.08, last + 0.08), ylim=(figure.get_figheight() - 0.72, 0))
    axes.spines[["left", "right", "bottom"]].set_visible(False)
    axes.spines["top"].set(visible=True, color=FAINT)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    ticks = range(1, len(ranks) + 1, max(1, len(ranks) // 10))
    axes.set(xlabel="mean rank over images, 1 is best", xticks=ticks, yticks=[])
    axes.tick_params(length=4, color=FAINT, pad=2)
    return axes


def _name(axes: Axes, name: str, rank: float, y: float, left: bool) -> None:
    axes.annotate(
        f"{short(name, 24)}  {rank:.1f}" if left else f"{rank:.1f}  {short(name, 24)}",
        (axes.get_xlim()[0 if left else 1], y),
        xytext=(-5 if left else 5, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        color=INK,
        fontsize=9.5,
        annotation_clip=False,
    )
