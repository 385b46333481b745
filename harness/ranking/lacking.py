"""What it does to everybody's mean that somebody has no score of an image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.ranking.leaderboards import Ranking
from harness.ranking.tables import Block, ScoreTable, places_of

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lacking:
    """Images of a set that are in no mean, for some of its ranked restorers have no score of them.

    Attributes:
        restorers: Who has no score of them.
        images: Those images.
        of: How many images somebody has a score of.
        shifts: Of those who have every image: restorer -> mean over the common images minus the
            mean over all of its own.
    """

    set: str
    metric: str
    restorers: tuple[str, ...]
    images: tuple[str, ...]
    of: int
    shifts: dict[str, float]


def lacking(ranking: Ranking) -> list[Lacking]:
    """The leaderboards of single sets whose means leave out images that somebody lacks."""
    found = []
    for table in ranking.tables:
        block = ranking.blocks.get((table.set or "", table.metric))
        if block is not None and 0 < table.cells < len(block.images):
            found.append(_of(table, block))
    return found


def _of(table: ScoreTable, block: Block) -> Lacking:
    values = block.values[places_of(table.restorers, block.restorers)]
    absent = np.isnan(values)
    whole: Mask = np.logical_not(np.any(absent, axis=1))
    out: Mask = np.logical_not(np.all(~absent, axis=0))
    with np.errstate(invalid="ignore"):  # means of what is infinite
        moved = values[:, ~out].mean(axis=1) - values.mean(axis=1)
    shifts = zip(_chosen(table.restorers, whole), moved[whole].tolist(), strict=True)
    return Lacking(
        str(table.set),
        table.metric,
        _chosen(table.restorers, ~whole),
        _chosen(block.images, out),
        len(block.images),
        {name: shift for name, shift in shifts if np.isfinite(shift)},
    )


def _chosen(names: Sequence[str], mask: Mask) -> tuple[str, ...]:
    return tuple(name for name, wanted in zip(names, mask, strict=True) if wanted)
