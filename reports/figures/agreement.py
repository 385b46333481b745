"""Whether the metrics agree: a heat map of Kendall's tau, over restorers in one half and within images in the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.results.pairs import Agreement
from reports.figures.style import ACCENT, BAD, GRID, INK, axes_within, draw, short, text_inches

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_METRICS = 16
_STRONGEST = 0.55
"""Opacity of a tau of 1: less than full, so that the numbers stay legible in light and dark."""


def draw_agreement(agreements: Sequence[Agreement], salt: str) -> str:
    """Draws one heat map.

    Args:
        agreements: Those of one set.
        salt: Keeps the ids apart of several plots in one page.

    Returns:
        An `<svg>` element as `style.draw` makes it; empty with fewer than three metrics.
    """
    names = list(dict.fromkeys(name for item in agreements for name in (item.metric, item.versus)))[
        :MOST_METRICS
    ]
    if len(names) < 3:
        return ""
    place = {name: number for number, name in enumerate(names)}

    def paint(figure: Figure) -> None:
        from matplotlib.patches import Rectangle

        margin = 0.2 + text_inches([short(name, 20) for name in names])
        axes = axes_within(figure, margin, 0.12, 0.1, 0.75)
        axes.set_xlim(-0.5, len(names) - 0.5)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.spines[:].set_visible(False)
        axes.set_xticks(
            range(len(names)),
            [short(name, 12) for name in names],
            rotation=30,
            ha="left",
            color=INK,
        )
        axes.xaxis.tick_top()
        axes.tick_params(axis="x", pad=2)
        axes.set_yticks(range(len(names)), [short(name, 20) for name in names], color=INK)
        for item in agreements:
            if item.metric in place and item.versus in place:
                low, high = sorted((place[item.metric], place[item.versus]))
                # above the diagonal over restorers, below it within images
                for tau, row, column in (
                    (item.over_restorers, low, high),
                    (item.within_images, high, low),
                ):
                    if tau is not None:
                        colour, strength = (ACCENT, tau) if tau >= 0 else (BAD, -tau)
                        box = Rectangle(
                            (column - 0.48, row - 0.46),
                            0.96,
                            0.92,
                            facecolor=colour,
                            alpha=_STRONGEST * strength,
                            linewidth=0,
                        )
                        axes.add_patch(box)
                    text = "–" if tau is None else f"{tau:.2f}".replace("-", "−")
                    axes.text(column, row, text, ha="center", va="center", fontsize=9, color=INK)
        for number in range(len(names)):
            axes.add_patch(
                Rectangle((number - 0.48, number - 0.46), 0.96, 0.92, facecolor=GRID, linewidth=0)
            )

    side = 0.62 * len(names)
    return draw((max(4.4, side + 1.6), 0.55 * len(names) + 0.9), salt, paint)
