"""Ranks with their uncertainty and tie groups: the rows of any leaderboard.

Whatever was averaged: scores, ranks, shares or costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from harness.results import SIGNIFICANT, LeaderboardRow
from harness.statistics import Floats


@dataclass(frozen=True, slots=True)
class Order:
    """One figure of each restorer, and which of them are told apart.

    Attributes:
        scores: (restorers,).
        low: Lower ends of the 95 % intervals.
        high: Upper ends.
        p: (restorers, restorers) of every pair being alike, corrected over all pairs.
        images: What was resampled; of a single one there is no interval.
        n: What a reader is told went into each figure.
        medians: (restorers,), where there are any.
        leaderboards: How many of them went in.
        left_out: Restorer -> why it is not in the order; empty for those that are.
    """

    restorers: tuple[str, ...]
    scores: Floats
    low: Floats
    high: Floats
    p: Floats
    images: int
    n: int
    higher_is_better: bool = True
    medians: Floats | None = None
    leaderboards: int = 1
    left_out: Mapping[str, str] = field(default_factory=dict)


def leaderboard_rows(
    order: Order | None, entrants: Sequence[str], failures: Mapping[str, int]
) -> tuple[LeaderboardRow, ...]:
    """The rows of a leaderboard, best first; who is not in the order comes last, without a rank.

    Args:
        order: `None` where nobody can be ranked.
        entrants: Everyone who belongs on the leaderboard.
        failures: Restorer -> cells without a score because something failed.
    """
    ranked = [] if order is None else _ranked(order, failures)
    names = {row.restorer for row in ranked}
    unranked = (
        LeaderboardRow(name, None, None, None, None, None, None, 0, failures.get(name, 0))
        for name in entrants
        if name not in names
    )
    return (*ranked, *unranked)


def _ranked(order: Order, failures: Mapping[str, int]) -> list[LeaderboardRow]:
    names, oriented = order.restorers, order.scores if order.higher_is_better else -order.scores
    # equals are in the order of their names, and share a rank
    places = sorted(range(len(names)), key=lambda place: (-oriented[place], names[place]))
    oriented = oriented[places]
    better = (order.p[np.ix_(places, places)] <= SIGNIFICANT) & (oriented[:, None] > oriented)
    groups, doubt = tie_groups(better), order.images > 1
    return [
        LeaderboardRow(
            restorer=names[place],
            rank=1 + int((oriented > oriented[row]).sum()),
            rank_low=1 + int(better[:, row].sum()),
            rank_high=len(names) - int(better[row].sum()),
            mean=float(order.scores[place]),
            ci_low=float(order.low[place]) if doubt else None,
            ci_high=float(order.high[place]) if doubt else None,
            n=order.n,
            failures=failures.get(names[place], 0),
            median=None if order.medians is None else float(order.medians[place]),
            group=groups[row],
        )
        for row, place in enumerate(places)
    ]


def tie_groups(better: npt.NDArray[np.bool_]) -> list[int]:
    """Numbers restorers by tie group.

    1 holds the best and all it is not better than, 2 the best of the rest, and so on.

    Args:
        better: (restorers, restorers), best first: whether the row's restorer is told apart as
            better.

    Returns:
        One number from 1 for each restorer.
    """
    groups = [0] * len(better)
    while 0 in groups:
        number, leader = max(groups) + 1, groups.index(0)
        for place in range(leader, len(groups)):
            if not groups[place] and not better[leader, place]:
                groups[place] = number
    return groups
