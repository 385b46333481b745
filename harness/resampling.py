"""The statistics of a mean over images: studentised bootstrap intervals and sign-flip tests. Vectorised, one seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

RESAMPLES = 1000
FLIPS = 9999
CONFIDENCE = 0.95

MIN_TESTABLE = 6
"""With fewer images no paired test can reach p < 0.05 without assuming a distribution: 2 / 2**5 = 0.0625."""

MIN_RESAMPLED = 12
"""With fewer images a resample too often draws hardly any different ones, and the interval is Student's."""

MOST_UNITS = 1024
"""With more images, they are put together at random into so many batches: the statistics are those of sums."""

_SEED = 20240229
_EXACT_UP_TO = 12  # images: 4,096 sign patterns are enumerated, more are drawn


@lru_cache(maxsize=32)
def resample_counts(strata: tuple[int, ...]) -> Singles:
    """How often each image enters each resample: the same for every restorer, which is what makes it paired.

    Args:
        strata: Number of images in each stratum; each is resampled by itself.

    Returns:
        (images, RESAMPLES); the columns of a stratum sum to its size. Deterministic.
    """
    generator = np.random.default_rng(_SEED)
    parts = [generator.multinomial(size, np.full(size, 1 / size), size=RESAMPLES).T for size in strata]
    counts = np.concatenate(parts).astype(np.float32)
    counts.setflags(write=False)
    return counts


def intervals(sums: Floats, strata: tuple[int, ...], cells: int) -> tuple[Floats, Floats, Floats]:
    """95 % intervals of means, by the studentised bootstrap (bootstrap-t; Efron 1981, Hall 1988).

    Each resample's distance from the mean is taken in its own standard errors, which follows skewed scores where
    percentiles of resampled means do not. To neither side is the interval narrower than Student's, which holds
    where tails are heavy and the bootstrap's falls short (docs/decisions). Fewer than `MIN_RESAMPLED` images, and
    rows where resamples without any spread are common, get Student's interval.

    Args:
        sums: (restorers, images): the sum of a restorer's scores of each image.
        strata: How many of the images belong to each stratum, in their order.
        cells: How many scores each row sums up.

    Returns:
        Means, lower and upper ends, each (restorers,), with lower <= mean <= upper. An infinite mean has an interval
        from the lowest finite end there is, or from itself when all is infinite.
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

    centred, sizes = _batches(_centred(sums, strata), strata)
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
        high[spread] = np.maximum(np.where(steady, ordered[:, RESAMPLES - 1 - tail], student), student)
    return np.sqrt(variance), (low, high)


def _resampled_ratios(scaled: Singles, sizes: tuple[int, ...]) -> tuple[Singles, npt.NDArray[np.bool_]]:
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
    parts = [sums[:, part] - sums[:, part].mean(axis=1, keepdims=True) for part, _ in _parts(strata)]
    return np.concatenate(parts, axis=1)


def _total_variance(centred: Floats, sizes: tuple[int, ...]) -> Floats:
    """Variance of each row's total, with Bessel's correction in each stratum; rounding alone is no variance."""
    found = np.zeros(len(centred))
    for part, size in _parts(sizes):
        if size > 1:
            found += (centred[:, part] ** 2).sum(axis=1) * size / (size - 1)
    return found


def _batches(values: Floats, strata: tuple[int, ...]) -> tuple[Floats, tuple[int, ...]]:
    """Puts the images of each stratum beyond `MOST_UNITS` together at random, by summing them."""
    if max(strata) <= MOST_UNITS:
        return values, strata
    generator, parts = np.random.default_rng(_SEED), []
    for part, size in _parts(strata):
        if size > MOST_UNITS:
            shuffled = values[:, part][:, generator.permutation(size)]
            parts.append(np.add.reduceat(shuffled, np.arange(MOST_UNITS) * size // MOST_UNITS, axis=1))
        else:
            parts.append(values[:, part])
    return np.concatenate(parts, axis=1), tuple(min(size, MOST_UNITS) for size in strata)


def pairs_p(sums: Floats, strata: tuple[int, ...]) -> Floats:
    """Two-sided p of every pair having no mean difference, corrected over all pairs (Westfall & Young 1993).

    The signs of whole images are flipped, for all restorers at once, and each pair's studentised difference is held
    against the largest of any pair: the share of patterns with one as large is its p. All verdicts at p <= 0.05 hold
    together with 95 %, whatever the distribution of the differences, so long as it is symmetric.

    Args:
        sums: (restorers, images), infinities allowed: they count as just beyond everything finite.
        strata: As for `intervals`.

    Returns:
        (restorers, restorers), symmetric, 1 on the diagonal.
    """
    finite, _ = _batches(_capped(sums), strata)
    rounding = finite.shape[1] * (1e-12 * float(np.abs(finite).max(initial=0.0))) ** 2
    finite = finite - finite.mean(axis=0)  # differences stay
    count, units = finite.shape
    p = np.ones((count, count))
    if count < 2 or units < MIN_TESTABLE:
        return p
    norms = (finite**2).sum(axis=1)
    spread = norms[:, None] + norms - 2 * finite @ finite.T
    real = spread > max(1e-12 * float(norms.max()), rounding)
    inverse = np.where(real, 1 / np.sqrt(np.where(real, spread, 1)), 0)
    totals = finite.sum(axis=1)
    observed = np.abs(totals[:, None] - totals) * inverse
    largest = np.sort(_largest_by_flip((finite @ _half_patterns(units)), inverse))
    beyond = len(largest) - np.searchsorted(largest, observed * (1 - 1e-6), side="left")
    if units <= _EXACT_UP_TO:
        return np.where(real, beyond / len(largest), 1.0)
    return np.where(real, (beyond + 1) / (len(largest) + 1), 1.0)


def _largest_by_flip(flipped: Floats, inverse: Floats) -> Singles:
    """For every sign pattern, the largest studentised difference of any pair."""
    rows, scale = flipped.astype(np.float32), inverse.astype(np.float32)
    largest = np.zeros(rows.shape[1], np.float32)
    for row in range(len(rows) - 1):
        difference = rows[row + 1 :] - rows[row]
        np.abs(difference, out=difference)
        difference *= scale[row + 1 :, row, None]
        np.maximum(largest, difference.max(axis=0), out=largest)
    return largest


def _capped(sums: Floats) -> Floats:
    """Infinities made finite: further out than everything else by the range of the rest."""
    if np.isfinite(sums).all():
        return sums
    finite = sums[np.isfinite(sums)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    width = (high - low) or 1.0
    return np.nan_to_num(sums, nan=low - width, posinf=high + width, neginf=low - width)


def sign_flip_p(differences: Floats) -> Floats:
    """Two-sided p of a mean difference of zero, by flipping signs (Fisher's randomisation test for pairs).

    Exact for up to 12 images, 9,999 random patterns beyond. A row with infinities is tested on its signed ranks
    instead, which is Wilcoxon's signed-rank test.

    Args:
        differences: (pairs, images).

    Returns:
        (pairs,) in (0, 1].
    """
    rows = np.array([row if np.isfinite(row).all() else _signed_ranks(row) for row in differences])
    rows, _ = _batches(rows, (rows.shape[1],))
    units = rows.shape[1]
    signs = _sign_patterns(units)
    observed = np.abs(rows.sum(axis=1))
    rounding = 1e-12 * np.abs(rows).sum(axis=1)
    extreme = (np.abs(rows @ signs) >= (observed - rounding)[:, None]).sum(axis=1)
    if units <= _EXACT_UP_TO:
        return np.asarray(extreme / signs.shape[1], dtype=np.float64)
    return np.asarray((extreme + 1) / (signs.shape[1] + 1), dtype=np.float64)


def pair_flips_p(sums: Floats, rows: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    """As `sign_flip_p` of the differences of many pairs of rows, which takes one product for each row, not each pair.

    Args:
        sums: (restorers, images).
        rows: (pairs, images): the differences.
        pairs: Which rows of `sums` each is the difference of.

    Returns:
        (pairs,) in (0, 1].
    """
    if not np.isfinite(sums).all():
        return sign_flip_p(rows)
    centred, _ = _batches(sums - sums.mean(axis=0), (sums.shape[1],))
    units = centred.shape[1]
    flipped = centred @ _sign_patterns(units)
    observed, rounding = np.abs(rows.sum(axis=1)), 1e-12 * np.abs(rows).sum(axis=1)
    extreme = np.array(
        [
            np.count_nonzero(np.abs(flipped[one] - flipped[other]) >= observed[place] - rounding[place])
            for place, (one, other) in enumerate(pairs)
        ]
    )
    exact = units <= _EXACT_UP_TO
    return np.asarray(extreme / flipped.shape[1] if exact else (extreme + 1) / (flipped.shape[1] + 1), dtype=np.float64)


def holm(p: Floats) -> Floats:
    """Corrects p values for their number (Holm, Scandinavian Journal of Statistics 1979).

    Args:
        p: (tests,).

    Returns:
        (tests,): at most 0.05 where the family of verdicts holds together with 95 %.
    """
    order = np.argsort(p, kind="stable")
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return corrected


def _signed_ranks(row: Floats) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(np.sign(row) * rankdata(np.abs(row)), dtype=np.float64)


def _sign_patterns(units: int) -> Floats:
    return _signs(units).astype(np.float64)


@lru_cache(maxsize=16)
def _signs(units: int) -> npt.NDArray[np.int8]:
    if units <= _EXACT_UP_TO:
        patterns = np.arange(2**units)[None, :] >> np.arange(units)[:, None] & 1
    else:
        patterns = np.random.default_rng(_SEED).integers(0, 2, size=(units, FLIPS))
    signs: npt.NDArray[np.int8] = (patterns * 2 - 1).astype(np.int8)
    signs.setflags(write=False)
    return signs


def _half_patterns(units: int) -> Floats:
    """Patterns without their mirror images, which give the same absolute differences."""
    if units <= _EXACT_UP_TO:
        return _signs(units)[:, : 2 ** (units - 1)].astype(np.float64)
    return _signs(units)[:, :RESAMPLES].astype(np.float64)
