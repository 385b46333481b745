"""Every pair of a leaderboard tested, and the critical-difference diagram that shows it."""

import math
import warnings
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from harness.ranking.tables import ScoreTable, minus
from harness.results import MOST_COMPARED, SIGNIFICANT, CriticalDifference, PairTest
from harness.statistics import Floats
from harness.statistics.permutation import MOST_RANKED, holm, pair_flips_p, signed_ranks_p


def pair_tests(table: ScoreTable, best_first: Sequence[str]) -> list[PairTest]:
    """Tests every pair of the best `MOST_COMPARED` restorers, paired by image.

    Args:
        table: What the leaderboard is made of.
        best_first: Its ranked restorers in their order.

    Returns:
        Best restorer first; none with fewer than two restorers.
    """
    names = best_first[:MOST_COMPARED]
    if len(names) < 2:
        return []
    sums = table.sums[[table.restorers.index(name) for name in names]]
    pairs = list(combinations(range(len(names)), 2))
    rows = minus(*(sums[side] for side in np.array(pairs).T))
    means = rows.sum(axis=1) / table.cells
    # infinite in both directions is no difference that can be told
    means[np.isnan(means)] = 0.0
    flip, signed = pair_flips_p(sums, rows, pairs), _wilcoxon(rows)
    flip_holm, signed_holm = holm(flip), holm(signed)
    return [
        PairTest(
            table.set,
            table.metric,
            names[one],
            names[other],
            float(means[place]),
            float(flip[place]),
            float(signed[place]),
            float(flip_holm[place]),
            float(signed_holm[place]),
            len(table.images),
        )
        for place, (one, other) in enumerate(pairs)
    ]


def _wilcoxon(rows: Floats) -> Floats:
    # one image tells nothing, and scipy may refuse it
    if rows.shape[1] < 2:
        return np.ones(len(rows))
    if rows.shape[1] <= MOST_RANKED:
        return signed_ranks_p(rows)
    from scipy.stats import wilcoxon

    with (
        warnings.catch_warnings(action="ignore", category=RuntimeWarning),
        np.errstate(invalid="ignore", divide="ignore"),
    ):
        p = wilcoxon(rows, axis=1, zero_method="pratt").pvalue
    # NaN is no difference at all
    return np.nan_to_num(np.asarray(p, dtype=np.float64), nan=1.0)


def critical_difference(
    table: ScoreTable, best_first: Sequence[str], tests: Sequence[PairTest]
) -> CriticalDifference | None:
    """The critical-difference diagram of one leaderboard.

    Args:
        table: What the leaderboard is made of.
        best_first: Its ranked restorers in their order.
        tests: Of `pair_tests`.

    Returns:
        `None` with fewer than two restorers or images.
    """
    names, images = best_first[:MOST_COMPARED], len(table.images)
    if len(names) < 2 or images < 2:
        return None
    from scipy.stats import rankdata

    sums = table.sign * table.sums[[table.restorers.index(name) for name in names]]
    ranks = rankdata(-sums, axis=0).mean(axis=1)
    order = np.argsort(ranks, kind="stable")
    ranks, ordered = ranks[order], [names[place] for place in order]
    critical = nemenyi(len(names), images)
    apart = {frozenset((t.restorer, t.versus)) for t in tests if t.p_wilcoxon_holm <= SIGNIFICANT}
    alike = np.array([[{one, other} not in apart for other in ordered] for one in ordered])
    return CriticalDifference(
        table.set,
        table.metric,
        tuple(ordered),
        tuple(ranks.tolist()),
        _friedman(sums),
        critical,
        _cliques(ordered, np.abs(ranks - ranks[:, None]) < critical),
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


def nemenyi(restorers: int, images: int) -> float:
    """The critical difference of mean ranks at 95 % (Demsar, JMLR 2006, section 3.2.2)."""
    return _studentised_range(restorers) * math.sqrt(restorers * (restorers + 1) / (6 * images))


@lru_cache(maxsize=64)
def _studentised_range(restorers: int) -> float:
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(1 - SIGNIFICANT, restorers, np.inf) / np.sqrt(2))


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
