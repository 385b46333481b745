"""Bootstrap over images: studentised intervals of means, percentiles of other statistics.

Everything is vectorised over restorers and has one seed, so that a run is ranked alike every time.
"""

from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from harness.results import MIN_SIGNS
from harness.statistics import Floats
from harness.statistics.simultaneous import Pairs, chance, judged, minus, nothing_known

Singles = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float32 | np.float64]

RESAMPLES = 1000
CONFIDENCE = 0.95

# with fewer images a resample too often draws hardly any different ones, and the interval is
# Student's
MIN_RESAMPLED = 12

# with more images, they are put together at random into so many batches: the statistics are those
# of sums, so that the means stay what they are and an interval costs no more
MOST_UNITS = 1024

SEED = 20240229


@lru_cache(maxsize=32)
def resample_counts(strata: tuple[int, ...]) -> Singles:
    """How often each image enters each resample.

    It is the same for every restorer, which is what makes the resamples paired.

    Args:
        strata: Number of images in each stratum; each is resampled by itself.

    Returns:
        (images, RESAMPLES); the columns of a stratum sum to its size. Deterministic.
    """
    generator = np.random.default_rng(SEED)
    counts = np.concatenate(
        [generator.multinomial(size, np.full(size, 1 / size), RESAMPLES).T for size in strata]
    ).astype(np.float32)
    counts.setflags(write=False)
    return counts


def intervals(sums: Floats, strata: tuple[int, ...], cells: int) -> tuple[Floats, Floats, Floats]:
    """95 % intervals of means, by the studentised bootstrap (bootstrap-t; Efron 1981, Hall 1988).

    Each resample's distance from the mean is taken in its own standard errors, which follows skewed
    scores where percentiles of resampled means do not. To neither side is the interval narrower
    than Student's, which holds where tails are heavy and the bootstrap's falls short
    (docs/decisions). Fewer than `MIN_RESAMPLED` images, and rows where resamples without any spread
    are common, get Student's interval.

    Args:
        sums: (restorers, images): the sum of a restorer's scores of each image.
        strata: How many of the images belong to each stratum, in their order.
        cells: How many scores each row sums up.

    Returns:
        Means, lower and upper ends, each (restorers,), with lower <= mean <= upper. An infinite
        mean is its own interval.
    """
    # whatever lies beside it, a row is added up in the same order: to the same last digit
    rows = np.ascontiguousarray(sums)
    with np.errstate(invalid="ignore"):
        means = np.asarray(rows.sum(axis=1) / cells)
    low, high = means.copy(), means.copy()
    usable = np.isfinite(means)
    errors, (lower, upper) = _studentised(sums[usable], strata)
    # where resamples lie too high, the mean itself may lie too high: the tails change sides
    low[usable] -= upper * errors / cells
    high[usable] -= lower * errors / cells
    return means, low, high


def _studentised(sums: Floats, strata: tuple[int, ...]) -> tuple[Floats, tuple[Floats, Floats]]:
    """Standard errors of every row's total, and the quantiles of the total in such errors.

    A resample of skewed scores that misses the few large ones has a low total *and* a small error:
    their ratio depends far less on the distribution, so that its tails can be trusted.
    """
    from scipy.special import stdtrit

    parts = [sums[:, part] for part, _ in _parts(strata)]
    parts = [part - part.mean(axis=1, keepdims=True) for part in parts]
    centred, sizes = batches(np.concatenate(parts, axis=1), strata)
    variance = _total_variance(centred, sizes)
    student = float(stdtrit(max(sum(sizes) - len(sizes), 1), (1 + CONFIDENCE) / 2))
    low, high = np.full(len(sums), -student), np.full(len(sums), student)
    spread = variance > 0
    if sum(sizes) >= MIN_RESAMPLED and spread.any():
        scaled = (centred[spread] / np.sqrt(variance[spread])[:, None]).astype(np.float32)
        ratios, steady = _resampled_ratios(scaled, sizes)
        lower, upper = _tails(ratios)
        low[spread] = np.minimum(np.where(steady, lower, -student), -student)
        high[spread] = np.maximum(np.where(steady, upper, student), student)
    return np.sqrt(variance), (low, high)


def _tails(resampled: Reals) -> tuple[Reals, Reals]:
    """What cuts off 2.5 % of each row's resamples below, and above."""
    tail = int((RESAMPLES + 1) * (1 - CONFIDENCE) / 2) - 1
    ordered = np.partition(resampled, (tail, RESAMPLES - 1 - tail), axis=1)
    return ordered[:, tail], ordered[:, RESAMPLES - 1 - tail]


def _resampled_ratios(
    scaled: Singles, sizes: tuple[int, ...]
) -> tuple[Singles, npt.NDArray[np.bool_]]:
    """Studentised totals (rows, RESAMPLES) of rows whose standard error is 1.

    And which rows are steady: where resamples without any spread are common, they say nothing.
    """
    counts = resample_counts(sizes)
    total, variance = np.zeros((2, len(scaled), RESAMPLES), np.float32)
    for part, size in _parts(sizes):
        here = scaled[:, part] @ counts[part]
        squares = (scaled[:, part] ** 2) @ counts[part]
        total += here
        variance += (squares - here**2 / size) * (size / max(size - 1, 1))
    empty = variance < 1e-4
    np.copyto(variance, 1, where=empty)
    return np.asarray(total / np.sqrt(variance)), ~(empty.mean(axis=1) > 0.001)


def _parts(sizes: tuple[int, ...]) -> Iterator[tuple[slice, int]]:
    return ((slice(a, b), b - a) for a, b in pairwise(accumulate(sizes, initial=0)))


def _total_variance(centred: Floats, sizes: tuple[int, ...]) -> Floats:
    """Variance of each row's total, with Bessel's correction in each stratum."""
    parts = ((centred[:, part] ** 2, size) for part, size in _parts(sizes))
    return np.asarray(sum(part.sum(axis=1) * size / max(size - 1, 1) for part, size in parts))


def batches(values: Floats, strata: tuple[int, ...]) -> tuple[Floats, tuple[int, ...]]:
    """Puts the images of each stratum beyond `MOST_UNITS` together at random, by summing them.

    Batches differ by an image in size. Each gets the same share of its stratum's total, and its own
    images' distances from the mean: a mean far from 0 would make sizes look like spread.
    """
    if max(strata) <= MOST_UNITS:
        return values, strata
    generator, parts = np.random.default_rng(SEED), []
    for part, size in _parts(strata):
        here = values[:, part]
        if size > MOST_UNITS:
            edges = np.arange(MOST_UNITS) * size // MOST_UNITS
            mean = here.mean(axis=1, keepdims=True)
            drawn = (here - mean)[:, generator.permutation(size)]
            here = np.add.reduceat(drawn, edges, axis=1) + mean * (size / MOST_UNITS)
        parts.append(here)
    return np.concatenate(parts, axis=1), tuple(min(size, MOST_UNITS) for size in strata)


def capped(sums: Floats) -> Floats:
    """Infinities made finite: further out than everything else by the range of the rest."""
    if np.isfinite(sums).all():
        return sums
    finite = sums[np.isfinite(sums)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    width = (high - low) or 1.0
    return np.nan_to_num(sums, nan=low - width, posinf=high + width, neginf=low - width)


def percentile_order(points: Floats, boot: Floats, units: int) -> tuple[Floats, Floats, Pairs]:
    """Intervals and comparisons of statistics that are no means, from their resampled values.

    Args:
        points: (restorers,): the statistics themselves.
        boot: (restorers, RESAMPLES).
        units: Number of images.

    Returns:
        Lower and upper ends (restorers,): percentiles, widened to hold the statistic itself. And
        every pair, corrected over all pairs as in `harness.statistics.permutation.compare_pairs`,
        from how far resampled differences are from the observed ones in their own standard
        deviations; nothing is known of fewer than `MIN_SIGNS` images.
    """
    # a resample repeats images, which may move a rank or a cost to one side: percentiles need not
    # hold the statistic, and an interval without its own figure would be read as a mistake
    lower, upper = _tails(boot)
    low, high = np.minimum(lower, points), np.maximum(upper, points)
    if units < MIN_SIGNS:
        return low, high, nothing_known(minus(points[:, None], points))
    centred = boot - boot.mean(axis=1, keepdims=True)
    norms = (centred**2).mean(axis=1)
    spread = np.sqrt(np.maximum(norms[:, None] + norms - 2 * centred @ centred.T / RESAMPLES, 0))
    difference = points[:, None] - points
    real = spread > 1e-9 * max(float(np.abs(points).max()), np.finfo(float).tiny)
    inverse = np.where(real, 1 / np.where(real, spread, 1), 0)
    # signs of images cannot be flipped where no sum over images is compared. How far chance moves
    # the differences is seen from resampled less observed ones: a pair's p is the share of
    # resamples in which any pair has moved as far as this one lies from 0
    moved = chance(boot - points[:, None], inverse, 1)
    # where every resample says the same, it is certain
    certain = ~real & (np.abs(difference) > 1e-12 * np.abs(points).max(initial=0.0))
    p = np.where(
        certain, 1 / (RESAMPLES + 1), np.where(real, moved.p(np.abs(difference) * inverse), 1.0)
    )
    reach = np.where(real, moved.critical * spread, 0.0)
    return low, high, judged(difference, reach, reach, p)
