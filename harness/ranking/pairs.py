"""Every pair of a leaderboard, and the critical-difference diagram that shows them."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from harness.ranking.tables import ScoreTable
from harness.results import MOST_COMPARED, SIGNIFICANT, CriticalDifference, PairTest
from harness.statistics import Floats
from harness.statistics.simultaneous import Pairs


def pair_tests(table: ScoreTable, pairs: Pairs, best_first: Sequence[str]) -> list[PairTest]:
    """Every pair of the best `MOST_COMPARED` restorers.

    Args:
        table: What the leaderboard is made of.
        pairs: Of the table's restorers.
        best_first: Its ranked restorers in their order.

    Returns:
        Best restorer first; none with fewer than two restorers.
    """
    names, images = best_first[:MOST_COMPARED], len(table.images)
    places = {name: table.restorers.index(name) for name in names}
    found = []
    for one, other in combinations(names, 2):
        place = places[one], places[other]
        difference, *ends, p = (float(part[place]) for part in pairs)
        low, high = ends if images > 1 else (None, None)
        found.append(
            PairTest(table.set, table.metric, one, other, difference, low, high, p, images)
        )
    return found


def critical_difference(
    table: ScoreTable, pairs: Pairs, best_first: Sequence[str]
) -> CriticalDifference | None:
    """The critical-difference diagram of one leaderboard.

    Args:
        table: What the leaderboard is made of.
        pairs: Of the table's restorers.
        best_first: Its ranked restorers in their order.

    Returns:
        `None` with fewer than two restorers or images.
    """
    names, images = best_first[:MOST_COMPARED], len(table.images)
    if len(names) < 2 or images < 2:
        return None
    from scipy.stats import rankdata

    places = np.array([table.restorers.index(name) for name in names])
    sums = table.sign * table.sums[places]
    ranks = rankdata(-sums, axis=0).mean(axis=1)
    order = np.argsort(ranks, kind="stable")
    ranks, alike = ranks[order], pairs.take(places[order]).p > SIGNIFICANT
    ordered = tuple(names[place] for place in order)
    return CriticalDifference(
        table.set,
        table.metric,
        ordered,
        tuple(ranks.tolist()),
        _friedman(sums),
        _cliques(ordered, alike),
        images,
    )


def _friedman(sums: Floats) -> float | None:
    if len(sums) < 3:
        return None
    from scipy.stats import friedmanchisquare

    with np.errstate(invalid="ignore", divide="ignore"):
        p = float(friedmanchisquare(*sums).pvalue)
    # NaN where everyone ties on every image
    return 1.0 if np.isnan(p) else p


def _cliques(names: Sequence[str], alike: npt.NDArray[np.bool_]) -> tuple[tuple[str, ...], ...]:
    """Runs of two or more neighbours that are all alike, and that no other such run contains."""
    found, reached = [], 0
    for first in range(len(names)):
        end = first + 1
        while end < len(names) and alike[first:end, end].all():
            end += 1
        if end > max(first + 1, reached):
            found.append(tuple(names[first:end]))
            reached = end
    return tuple(found)
