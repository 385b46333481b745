"""Every pair of a leaderboard tested, and the critical-difference diagram that shows it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt

from harness.ranking.tables import Table
from harness.results.pairs import MOST_COMPARED, CriticalDifference, PairTest
from harness.statistics.permutation import holm, pair_flips_p
from harness.statistics.resampling import Floats

SIGNIFICANT = 0.05


def pair_tests(table: Table, best_first: Sequence[str]) -> list[PairTest]:
    """Tests every pair of the best `MOST_COMPARED` restorers, paired by image.

    Args:
        table: What the leaderboard is made of.
        best_first: Its ranked restorers in their order.

    Returns:
        Best restorer first; none with fewer than two restorers.
    """
    names = list(best_first[:MOST_COMPARED])
    if len(names) < 2:
        return []
    sums = table.sums[[table.restorers.index(name) for name in names]]
    pairs = list(combinations(range(len(names)), 2))
    rows = _differences(sums, pairs)
    flip, ranks = pair_flips_p(sums, rows, pairs), _wilcoxon(rows)
    corrected = holm(flip), holm(ranks)
    means = np.nan_to_num(rows.sum(axis=1) / table.cells, nan=0.0, posinf=np.inf, neginf=-np.inf)
    return [
        PairTest(
            table.set,
            table.metric,
            names[one],
            names[other],
            float(means[place]),
            float(flip[place]),
            float(ranks[place]),
            float(corrected[0][place]),
            float(corrected[1][place]),
            len(table.images),
        )
        for place, (one, other) in enumerate(pairs)
    ]


def _differences(sums: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    one, other = np.array(pairs).T
    with np.errstate(invalid="ignore"):
        rows = sums[one] - sums[other]
    return np.where(np.isnan(rows), 0.0, rows)  # inf - inf: both are perfect there


def _wilcoxon(rows: Floats) -> Floats:
    from scipy.stats import wilcoxon

    if rows.shape[1] < 2:  # one image tells nothing, and scipy may refuse it
        return np.ones(len(rows))
    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        p = wilcoxon(rows, axis=1, zero_method="pratt").pvalue
    return np.nan_to_num(np.asarray(p, dtype=np.float64), nan=1.0)  # no difference at all


def critical_difference(
    table: Table, best_first: Sequence[str], tests: Sequence[PairTest]
) -> CriticalDifference | None:
    """The critical-difference diagram of one leaderboard, or `None` with fewer than two restorers or images.

    Args:
        table: What the leaderboard is made of.
        best_first: Its ranked restorers in their order.
        tests: Of `pair_tests`.
    """
    from scipy.stats import rankdata

    names, images = list(best_first[:MOST_COMPARED]), len(table.images)
    if len(names) < 2 or images < 2:
        return None
    sums = table.sign * table.sums[[table.restorers.index(name) for name in names]]
    ranks = rankdata(-sums, axis=0).mean(axis=1)
    order = sorted(range(len(names)), key=lambda place: (ranks[place], place))
    mean_ranks = [float(ranks[place]) for place in order]
    ordered = [names[place] for place in order]
    critical = nemenyi(len(names), images)
    apart = {frozenset((t.restorer, t.versus)) for t in tests if t.p_wilcoxon_holm <= SIGNIFICANT}
    close = _cliques(ordered, lambda i, j: mean_ranks[j] - mean_ranks[i] < critical)
    alike = _cliques(ordered, lambda i, j: frozenset((ordered[i], ordered[j])) not in apart)
    return CriticalDifference(
        table.set,
        table.metric,
        tuple(ordered),
        tuple(mean_ranks),
        _friedman(sums),
        critical,
        close,
        alike,
        images,
    )


def _friedman(sums: Floats) -> float | None:
    from scipy.stats import friedmanchisquare

    if len(sums) < 3:
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        p = float(friedmanchisquare(*sums).pvalue)
    return 1.0 if np.isnan(p) else p  # everyone ties on every image


@lru_cache(maxsize=64)
def nemenyi(restorers: int, images: int) -> float:
    """The critical difference of mean ranks at 95 % (Demsar, JMLR 2006, section 3.2.2)."""
    return _studentised_range(restorers) * float(
        np.sqrt(restorers * (restorers + 1) / (6 * images))
    )


@lru_cache(maxsize=64)
def _studentised_range(restorers: int) -> float:
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(1 - SIGNIFICANT, restorers, np.inf) / np.sqrt(2))


def _cliques(
    names: Sequence[str], alike: Callable[[int, int], bool]
) -> tuple[tuple[str, ...], ...]:
    """Runs of two or more neighbours in which every pair is alike, and that no other such run contains."""
    found: list[tuple[int, int]] = []
    matrix: npt.NDArray[np.bool_] = np.array(
        [[i <= j and alike(i, j) for j in range(len(names))] for i in range(len(names))]
    )
    for first in range(len(names)):
        last = first
        while last + 1 < len(names) and matrix[first : last + 2, last + 1].all():
            last += 1
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return tuple(tuple(names[first : last + 1]) for first, last in found)
