"""The statistics of a mean over images: studentised bootstrap intervals and sign-flip tests. Vectorised, one seed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

RESAMPLES = 1000
CONFIDENCE = 0.95

MIN_TESTABLE = 6
"""With fewer images no paired test can reach p < 0.05 without assuming a distribution: 2 / 2**5 = 0.0625."""

MIN_RESAMPLED = 12
"""With fewer images a resample too often draws hardly any different ones, and the interval is Student's."""

MOST_UNITS = 1024
"""With more images, they are put together at random into so many batches: the statistics are those of sums."""

SEED = 20240229


@lru_cache(maxsize=32)
def resample_counts(strata: tuple[int, ...]) -> Singles:
    """How often each image enters each resample: the same for every restorer, which is what makes it paired.

    Args:
        strata: Number of images in each stratum; each is resampled by itself.

    Returns:
        (images, RESAMPLES); the columns of a stratum sum to its size. Deterministic.
    """
    generator = np.random.default_rng(SEED)
    parts = [
        generator.multinomial(size, np.full(size, 1 / size), size=RESAMPLES).T for size in strata
    ]
    counts = np.concatenate(parts).astype(np.float32)
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
        mean has an interval from the lowest finite end there is, or from itself when all is
        infinite.
    """
    with np.errstate(invalid="ignore"):
        means = np.asarray(sums.sum(axis=1) / cells)
    low, high = means.copy(), means.copy()
    usable = np.isfinite(means)
    if usable.any():
        errors, quantiles = _studentised(sums[usable], strata)
        low[usable] = means[usable] - quantiles[1] * errors / cells
        high[usable] = means[usable] - quantiles[0] * errors / cells
    return means, np.minimum(low, means), np.maximum(high, means)


def _studentised(sums: Floats, strata: tuple[int, ...]) -> tuple[Floats, tuple[Floats, Floats]]:
    """Standard errors of totals, and the lower and upper quantiles of the studentised total, of every row."""
    from scipy.special import stdtrit

    centred, sizes = batches(_centred(sums, strata), strata)
    variance = _total_variance(centred, sizes)
    degrees = max(sum(sizes) - len(sizes), 1)
    student = float(stdtrit(degrees, (1 + CONFIDENCE) / 2))
    low, high = np.full(len(sums), -student), np.full(len(sums), student)
    spread = variance > 0
    if sum(sizes) >= MIN_RESAMPLED and spread.any():
        scaled = (centred[spread] / np.sqrt(variance[spread])[:, None]).astype(np.float32)
        ratio, steady = _resampled_ratios(scaled, sizes)
        tail = int((RESAMPLES + 1) * (1 - CONFIDENCE) / 2) - 1
        ordered = np.partition(ratio, (tail, RESAMPLES - 1 - tail), axis=1)
        low[spread] = np.minimum(np.where(steady, ordered[:, tail], -student), -student)
        high[spread] = np.maximum(
            np.where(steady, ordered[:, RESAMPLES - 1 - tail], student), student
        )
    return np.sqrt(variance), (low, high)


def _resampled_ratios(
    scaled: Singles, sizes: tuple[int, ...]
) -> tuple[Singles, npt.NDArray[np.bool_]]:
    """Studentised totals (rows, RESAMPLES) of rows with a standard error of 1; and which rows have no empty spread."""
    counts = resample_counts(sizes)
    total = np.zeros((len(scaled), RESAMPLES), np.float32)
    variance = np.zeros_like(total)
    for part, size in _parts(sizes):
        here = scaled[:, part] @ counts[part]
        total += here
        if size > 1:
            squares = (scaled[:, part] ** 2) @ counts[part]
            variance += (squares - here**2 / size) * (size / (size - 1))
    empty = variance < 1e-4
    np.copyto(variance, 1, where=empty)
    return np.asarray(total / np.sqrt(variance)), ~(empty.mean(axis=1) > 0.001)


def _parts(sizes: tuple[int, ...]) -> Iterator[tuple[slice, int]]:
    start = 0
    for size in sizes:
        yield slice(start, start + size), size
        start += size


def _centred(sums: Floats, strata: tuple[int, ...]) -> Floats:
    parts = [
        sums[:, part] - sums[:, part].mean(axis=1, keepdims=True) for part, _ in _parts(strata)
    ]
    return np.concatenate(parts, axis=1)


def _total_variance(centred: Floats, sizes: tuple[int, ...]) -> Floats:
    """Variance of each row's total, with Bessel's correction in each stratum; rounding alone is no variance."""
    found = np.zeros(len(centred))
    for part, size in _parts(sizes):
        if size > 1:
            found += (centred[:, part] ** 2).sum(axis=1) * size / (size - 1)
    return found


def batches(values: Floats, strata: tuple[int, ...]) -> tuple[Floats, tuple[int, ...]]:
    """Puts the images of each stratum beyond `MOST_UNITS` together at random, by summing them."""
    if max(strata) <= MOST_UNITS:
        return values, strata
    generator, parts = np.random.default_rng(SEED), []
    for part, size in _parts(strata):
        if size > MOST_UNITS:
            shuffled = values[:, part][:, generator.permutation(size)]
            parts.append(
                np.add.reduceat(shuffled, np.arange(MOST_UNITS) * size // MOST_UNITS, axis=1)
            )
        else:
            parts.append(values[:, part])
    return np.concatenate(parts, axis=1), tuple(min(size, MOST_UNITS) for size in strata)


def largest_of_pairs(values: Floats, inverse: Floats) -> Singles:
    """For every column, the largest scaled difference of any pair of rows.

    Args:
        values: (restorers, columns).
        inverse: (restorers, restorers): what the difference of each pair is multiplied by.

    Returns:
        (columns,).
    """
    rows, scale = values.astype(np.float32), inverse.astype(np.float32)
    largest = np.zeros(rows.shape[1], np.float32)
    for row in range(len(rows) - 1):
        difference = rows[row + 1 :] - rows[row]
        np.abs(difference, out=difference)
        difference *= scale[row + 1 :, row, None]
        np.maximum(largest, difference.max(axis=0), out=largest)
    return largest


def capped(sums: Floats) -> Floats:
    """Infinities made finite: further out than everything else by the range of the rest."""
    if np.isfinite(sums).all():
        return sums
    finite = sums[np.isfinite(sums)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    width = (high - low) or 1.0
    return np.nan_to_num(sums, nan=low - width, posinf=high + width, neginf=low - width)


def percentile_order(points: Floats, boot: Floats, units: int) -> tuple[Floats, Floats, Floats]:
    """Intervals and comparisons of statistics that are no means, from their resampled values.

    Args:
        points: (restorers,): the statistics themselves.
        boot: (restorers, RESAMPLES).
        units: Number of images.

    Returns:
        Lower and upper ends (restorers,): percentiles, widened to hold the statistic itself. And p
        (restorers, restorers) of every pair being alike, corrected over all pairs as in
        `harness.statistics.permutation.pairs_p`, from how far resampled differences are from the
        observed ones in their own standard deviations.
    """
    tail = int((RESAMPLES + 1) * (1 - CONFIDENCE) / 2) - 1
    ordered = np.partition(boot, (tail, RESAMPLES - 1 - tail), axis=1)
    low, high = (
        np.minimum(ordered[:, tail], points),
        np.maximum(ordered[:, RESAMPLES - 1 - tail], points),
    )
    centred = boot - boot.mean(axis=1, keepdims=True)
    norms = (centred**2).mean(axis=1)
    spread = np.sqrt(np.maximum(norms[:, None] + norms - 2 * centred @ centred.T / RESAMPLES, 0))
    gaps = np.abs(points[:, None] - points)
    real = spread > 1e-9 * max(float(np.abs(points).max()), np.finfo(float).tiny)
    inverse = np.where(real, 1 / np.where(real, spread, 1), 0)
    largest = np.sort(largest_of_pairs(boot - points[:, None], inverse))
    p = (RESAMPLES - np.searchsorted(largest, gaps * inverse * (1 - 1e-6)) + 1) / (RESAMPLES + 1)
    # every resample says the same
    certain = ~real & (gaps > 1e-12 * np.abs(points).max(initial=0.0))
    p = np.where(certain, 1 / (RESAMPLES + 1), np.where(real, p, 1.0))
    return low, high, p if units >= MIN_TESTABLE else np.ones_like(p)
