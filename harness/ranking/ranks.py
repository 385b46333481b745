"""Ranks with their uncertainty and tie groups: the rows of any leaderboard.

Whatever was averaged: scores, ranks, shares or costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from harness.results import SIGNIFICANT, LeaderboardRow
from harness.statistics import Floats
from harness.statistics.simultaneous import Pairs


@dataclass(frozen=True, slots=True)
class Order:
    """One figure of each restorer, and which of them are told apart.

    Attributes:
        scores: (restorers,).
        low: Lower ends of the 95 % intervals.
        high: Upper ends.
        pairs: Every pair, corrected over all pairs.
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
    pairs: Pairs
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
    places = np.array(sorted(range(len(names)), key=lambda place: (-oriented[place], names[place])))
    oriented, pairs = oriented[places], order.pairs.take(places)
    better = (pairs.p <= SIGNIFICANT) & (oriented[:, None] > oriented)
    groups, doubt = tie_groups(better), order.images > 1
    # against the best mean, as everybody reads a leaderboard
    against = zip(*(part[:, 0].tolist() for part in pairs), strict=True)
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
            gap=gap,
            gap_low=low if row and doubt else None,
            gap_high=high if row and doubt else None,
            p=p if row and doubt else None,
        )
        for row, (place, (gap, low, high, p)) in enumerate(
            zip(places.tolist(), against, strict=True)
        )
    ]


def tie_groups(better: npt.NDArray[np.bool_]) -> list[int]:
    """Numbers restorers by tie group.

    1 holds those than whom nobody is told apart as better, 2 those of the rest than whom nobody of
    the rest is, and so on: no two of a group are told apart.

    Args:
        better: (restorers, restorers): whether the row's restorer is told apart as better than the
            column's.

    Returns:
        One number from 1 for each restorer.
    """
    groups = np.zeros(len(better), dtype=np.int64)
    while not groups.all():
        left = groups == 0
        groups[left & ~better[left].any(axis=0)] = groups.max() + 1
    return groups.tolist()
