"""The critical-difference diagram (Demsar, JMLR 2006): restorers on an axis of mean ranks, bars over those alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.results.pairs import CriticalDifference
from reports.figures.style import ACCENT, FAINT, INK, axes_within, draw, short, text_inches

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_RESTORERS = 30
_ROW = 0.27
_BAR = 0.34


def draw_critical_difference(diagram: CriticalDifference, salt: str) -> str:
    """Draws one diagram: names in two columns, best on the left; thick bars join what Wilcoxon's test does not part.

    Args:
        diagram: As the engine computed it.
        salt: Keeps the ids apart of several plots in one page.

    Returns:
        An `<svg>` element as `style.draw` makes it; empty with fewer than three restorers.
    """
    names, ranks = diagram.restorers[:MOST_RESTORERS], diagram.mean_ranks[:MOST_RESTORERS]
    if len(names) < 3:
        return ""
    cliques = [clique for clique in diagram.wilcoxon_cliques if len(set(clique) & set(names)) > 1]
    half = (len(names) + 1) // 2
    margin = text_inches([f"{short(name, 24)} 00.0" for name in names]) + 0.15
    height = 0.75 + _BAR * max(1, len(cliques)) * 0.5 + _ROW * half + 0.2

    def paint(figure: Figure) -> None:
        axes = axes_within(figure, margin, 0.1, margin, 0.62)
        bottom = height - 0.72
        axes.set_xlim(1 - 0.08, max(len(names), max(ranks)) + 0.08)
        axes.set_ylim(bottom, 0)
        for side in ("left", "right", "bottom"):
            axes.spines[side].set_visible(False)
        axes.spines["top"].set(visible=True, color=FAINT)
        axes.xaxis.tick_top()
        axes.xaxis.set_label_position("top")
        axes.set_xlabel("mean rank over images, 1 is best")
        axes.set_xticks(range(1, len(names) + 1, max(1, len(names) // 10)))
        axes.tick_params(length=4, color=FAINT, pad=2)
        axes.set_yticks([])
        place = dict(zip(names, ranks, strict=True))
        for row, clique in enumerate(cliques):
            ends = sorted(place[name] for name in clique if name in place)
            y = 0.12 + _BAR * 0.5 * row
            axes.plot(
                [ends[0] - 0.04, ends[-1] + 0.04],
                [y, y],
                color=ACCENT,
                linewidth=4.5,
                solid_capstyle="round",
            )
        start = 0.2 + _BAR * 0.5 * max(1, len(cliques))
        heights: list[float] = []
        for order, (name, rank) in enumerate(zip(names, ranks, strict=True)):
            left = order < half
            heights.append(start + _ROW * (order if left else len(names) - 1 - order) + 0.08)
            _name(axes, name, rank, heights[-1], left)
        low, high = axes.get_xlim()
        # lines from the axis down and out to the names in the margins
        axes.vlines(ranks, 0, heights, color=FAINT, linewidth=0.9)
        edges = [low if order < half else high for order in range(len(names))]
        axes.hlines(heights, ranks, edges, color=FAINT, linewidth=0.9)

    return draw((6.4, height), salt, paint)


def _name(axes: Axes, name: str, rank: float, y: float, left: bool) -> None:
    edge = axes.get_xlim()[0 if left else 1]
    text = f"{short(name, 24)}  {rank:.1f}" if left else f"{rank:.1f}  {short(name, 24)}"
    axes.annotate(
        text,
        (edge, y),
        xytext=(-5 if left else 5, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        color=INK,
        fontsize=9.5,
        annotation_clip=False,
    )
