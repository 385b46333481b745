"""The statistics of a mean over images: paired bootstrap intervals and sign-flip tests. Pure numpy, one seed."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RESAMPLES = 1000
FLIPS = 9999
CONFIDENCE = 0.95

MIN_TESTABLE = 6
"""With fewer images no paired test can reach p < 0.05 without assuming a distribution: 2 / 2**5 = 0.0625."""

_EXACT_UP_TO = 12  # images: 4,096 sign patterns are enumerated, more are drawn


@lru_cache(maxsize=64)
def resample_counts(units: int) -> Floats:
    """How often each image enters each resample: the same for every restorer, which is what makes it paired.

    Args:
        units: Number of images.

    Returns:
        (units, RESAMPLES); each column sums to `units`. Deterministic.
    """
    generator = np.random.default_rng(20240229)
    counts = generator.multinomial(units, np.full(units, 1 / units), size=RESAMPLES).T.astype(np.float64)
    counts.setflags(write=False)
    return counts


def bootstrap_means(sums: Floats, weights: Floats) -> Floats:
    """Means of every restorer in every resample, as one matrix product.

    Args:
        sums: (restorers, units): the sum of a restorer's scores of each unit; infinities are allowed.
        weights: (units,): how many scores a unit holds, the same for every restorer.

    Returns:
        (restorers, RESAMPLES). A resample that drew an infinite score has an infinite mean.
    """
    counts = resample_counts(len(weights))
    means: Floats = np.where(np.isfinite(sums), sums, 0.0) @ counts / (weights @ counts)
    for infinity in (np.inf, -np.inf):
        hit = sums == infinity
        rows = np.flatnonzero(hit.any(axis=1))
        if rows.size:  # 0 * inf is NaN, so infinities stay out of the product
            with np.errstate(invalid="ignore"):
                means[rows] += np.where(hit[rows].astype(np.float64) @ counts > 0, infinity, 0.0)
    return means


def interval(means: Floats, boot: Floats, units: int) -> tuple[Floats, Floats]:
    """Percentile intervals at 95 %, widened for small samples (Hesterberg 2015, "expanded percentile").

    The plain percentile interval is too narrow by sqrt((n - 1) / n) and by normal in place of t quantiles; taking
    the percentile Phi(-sqrt(n / (n - 1)) t) in place of 2.5 % mends both.

    Args:
        means: (restorers,): the means themselves; the interval always contains them.
        boot: (restorers, RESAMPLES) of `bootstrap_means`.
        units: Number of images, at least 2.

    Returns:
        Lower and upper ends, each (restorers,).
    """
    from scipy.special import ndtr, stdtrit

    quantile = stdtrit(units - 1, (1 - CONFIDENCE) / 2)
    tail = float(ndtr(np.sqrt(units / (units - 1)) * quantile))
    low = int(np.floor(tail * (boot.shape[1] - 1)))
    high = boot.shape[1] - 1 - low
    ordered = np.partition(boot, (low, high), axis=1)
    return np.minimum(ordered[:, low], means), np.maximum(ordered[:, high], means)


def separated(boot: Floats) -> npt.NDArray[np.bool_]:
    """Which restorers are told apart by the paired bootstrap.

    Args:
        boot: (restorers, RESAMPLES), best mean first, larger is better.

    Returns:
        (restorers, restorers), upper triangle: `[i, j]` is true when i < j and restorer i is better than restorer j
        in at least 97.5 % of the resamples. Equal means (up to rounding) are not better.
    """
    count, resamples = boot.shape
    apart = np.zeros((count, count), dtype=bool)
    finite = np.abs(boot[np.isfinite(boot)])
    rounding = 1e-12 * float(finite.max(initial=0.0))
    needed = (1 + CONFIDENCE) / 2 * resamples
    raised = boot + rounding
    for row in range(count - 1):
        better = boot[row] > raised[row + 1 :]
        apart[row, row + 1 :] = np.count_nonzero(better, axis=1) >= needed
    return apart


def sign_flip_p(differences: Floats) -> Floats:
    """Two-sided p of a mean difference of zero, by flipping signs (Fisher's randomisation test for pairs).

    Exact for up to 12 images, 9,999 random patterns beyond. A row with infinities is tested on its signed ranks
    instead, which is Wilcoxon's signed-rank test.

    Args:
        differences: (pairs, units).

    Returns:
        (pairs,) in (0, 1].
    """
    differences = np.array([row if np.isfinite(row).all() else _signed_ranks(row) for row in differences])
    units = differences.shape[1]
    signs = _sign_patterns(units)
    observed = np.abs(differences.sum(axis=1))
    rounding = 1e-12 * np.abs(differences).sum(axis=1)
    extreme = (np.abs(differences @ signs) >= (observed - rounding)[:, None]).sum(axis=1)
    if units <= _EXACT_UP_TO:
        return np.asarray(extreme / signs.shape[1], dtype=np.float64)
    return np.asarray((extreme + 1) / (signs.shape[1] + 1), dtype=np.float64)


def _signed_ranks(row: Floats) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(np.sign(row) * rankdata(np.abs(row)), dtype=np.float64)


@lru_cache(maxsize=16)
def _sign_patterns(units: int) -> Floats:
    if units <= _EXACT_UP_TO:
        patterns = np.arange(2**units)[None, :] >> np.arange(units)[:, None] & 1
    else:
        patterns = np.random.default_rng(20240229).integers(0, 2, size=(units, FLIPS))
    signs: Floats = patterns.astype(np.float64) * 2 - 1
    signs.setflags(write=False)
    return signs
