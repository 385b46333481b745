"""Tests that flip the signs of paired differences, for one pair or for all of a leaderboard.

Where nothing differs, which of two restorers is better on an image is a toss: so the signs of the
images' differences may be flipped at will, and the test needs no normal distribution.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from harness.results import FEW_IMAGES
from harness.statistics import Floats
from harness.statistics.resampling import (
    MIN_TESTABLE,
    RESAMPLES,
    SEED,
    batches,
    capped,
    count_beyond,
)

FLIPS = 9999

# by how much skewness is multiplied: a few dozen images show about half that of a long-tailed
# distribution
HIDDEN = 2.0

# images: 4,096 sign patterns are enumerated, more are drawn
_EXACT_UP_TO = 12

MOST_RANKED = 13
"""Images of which all patterns of signs are tried on their ranks, as scipy does."""


def pairs_p(sums: Floats, strata: tuple[int, ...]) -> Floats:
    """Two-sided p of every pair having no mean difference, corrected over all pairs.

    The signs of whole images are flipped, for all restorers at once, and each pair's studentised
    difference is held against the largest of any pair (Westfall & Young 1993): the share of
    patterns with one as large is its p. All verdicts at p <= 0.05 hold together with 95 %, whatever
    the distribution of the differences, so long as it is symmetric; what their skewness may have
    added to a difference is taken off it first.

    Args:
        sums: (restorers, images), infinities allowed: they count as just beyond everything finite.
        strata: As for `intervals`.

    Returns:
        (restorers, restorers), symmetric, 1 on the diagonal.
    """
    finite, _ = batches(capped(sums), strata)
    rounding = finite.shape[1] * (1e-12 * float(np.abs(finite).max(initial=0.0))) ** 2
    # what an image does to everyone cancels in differences; without it they lose fewer digits
    finite = finite - finite.mean(axis=0)
    count, units = finite.shape
    if count < 2 or units < MIN_TESTABLE:
        return np.ones((count, count))
    norms = (finite**2).sum(axis=1)
    spread = norms[:, None] + norms - 2 * finite @ finite.T
    real = spread > max(1e-12 * float(norms.max()), rounding)
    inverse = np.where(real, 1 / np.sqrt(np.where(real, spread, 1)), 0)
    totals = finite.sum(axis=1)
    observed = _without_skewness(finite, (totals[:, None] - totals) * inverse)
    # a pattern and its mirror image give the same absolute differences: one of them is enough
    kept = 2 ** (units - 1) if units <= _EXACT_UP_TO else RESAMPLES
    patterns = _signs(units)[:, :kept].astype(np.float64)
    # of any pair: whoever reads a leaderboard reads all of its verdicts. Holm's correction of many
    # pairs does not know how they hang together, and with so few patterns it never reaches 0.05
    beyond = count_beyond(finite @ patterns, inverse, observed)
    return np.where(real, _share(beyond, kept, units), 1.0)


def _share(extreme: npt.NDArray[np.int64], patterns: int, units: int) -> Floats:
    """The share of patterns that are as extreme as what was observed.

    What was observed is one pattern more than those that are drawn, so that no p is ever 0.
    """
    added = 0 if units <= _EXACT_UP_TO else 1
    return np.asarray((extreme + added) / (patterns + added), dtype=np.float64)


def _without_skewness(sums: Floats, ratios: Floats) -> Floats:
    """How large each pair's difference is for sure, when skewness may have made it look larger.

    Flipped signs make every pattern symmetric, and so cannot show what a long tail on one side does
    to the difference that was observed. Hall's t (JRSS B 1992), which grows with Student's, takes
    its place where it is nearer to 0. The skewness of a few images is noise: of fewer than
    `FEW_IMAGES` the ratios stay as they are.

    Args:
        sums: (restorers, images).
        ratios: (restorers, restorers): sum of a pair's differences by the root of the sum of their
            squares.

    Returns:
        The ratios' sizes, or less.
    """
    units = sums.shape[1]
    if units < FEW_IMAGES:
        return np.abs(ratios)
    centred = sums - sums.mean(axis=1, keepdims=True)
    squares = centred**2
    mixed = squares @ centred.T
    cubes = np.diagonal(mixed)
    third = cubes[:, None] - 3 * mixed + 3 * mixed.T - cubes
    norms = squares.sum(axis=1)
    second = norms[:, None] + norms - 2 * centred @ centred.T
    varied = second > 1e-12 * max(float(norms.max()), 1e-300)
    shown = units**0.5 * third / np.where(varied, second, 1) ** 1.5
    skewness = np.where(varied, HIDDEN * shown, 0.0)
    t = ratios * np.sqrt((units - 1) / np.maximum(units - ratios**2, 1e-9))
    hall = t + skewness * (1 + 2 * t**2) / (6 * units**0.5) + skewness**2 * t**3 / (27 * units)
    least = np.where(np.sign(hall) == np.sign(t), np.minimum(np.abs(hall), np.abs(t)), 0.0)
    return np.where(varied, least * np.sqrt(units / (units - 1 + least**2)), np.abs(ratios))


def sign_flip_p(differences: Floats) -> Floats:
    """Two-sided p of a mean difference of zero, by flipping signs.

    This is Fisher's randomisation test for pairs. Exact for up to 12 images, 9,999 random patterns
    beyond. A row with infinities is tested on its signed ranks instead, which is Wilcoxon's
    signed-rank test.

    Args:
        differences: (pairs, images).

    Returns:
        (pairs,) in (0, 1].
    """
    rows = np.array([row if np.isfinite(row).all() else _signed_ranks(row) for row in differences])
    rows, _ = batches(rows, (rows.shape[1],))
    flipped = rows @ _signs(rows.shape[1]).astype(np.float64)
    extreme = (np.abs(flipped) >= _observed(rows)[:, None]).sum(axis=1)
    return _share(extreme, flipped.shape[1], rows.shape[1])


def _observed(rows: Floats) -> Floats:
    """The size of each row's sum, less what rounding may have added to it."""
    return np.asarray(np.abs(rows.sum(axis=1)) - 1e-12 * np.abs(rows).sum(axis=1))


def pair_flips_p(sums: Floats, rows: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    """As `sign_flip_p` of the differences of many pairs of rows.

    It takes one product for each row, and not for each pair.

    Args:
        sums: (restorers, images).
        rows: (pairs, images): the differences.
        pairs: Which rows of `sums` each is the difference of.

    Returns:
        (pairs,) in (0, 1].
    """
    if not np.isfinite(sums).all():
        return sign_flip_p(rows)
    centred, _ = batches(sums - sums.mean(axis=0), (sums.shape[1],))
    flipped = centred @ _signs(centred.shape[1]).astype(np.float64)
    extreme = [
        np.count_nonzero(np.abs(flipped[one] - flipped[other]) >= observed)
        for (one, other), observed in zip(pairs, _observed(rows), strict=True)
    ]
    return _share(np.array(extreme), flipped.shape[1], centred.shape[1])


def signed_ranks_p(differences: Floats) -> Floats:
    """Two-sided p of Wilcoxon's signed-rank test, from every pattern of signs.

    Ties share their mean rank, and zeros are ranked and have no sign (Pratt, JASA 1959). It is what
    scipy gives, which takes a thousand times as long where there are ties or zeros.

    Args:
        differences: (pairs, images), of `MOST_RANKED` images at most.

    Returns:
        (pairs,) in (0, 1].
    """
    from scipy.stats import rankdata

    ranks = np.sign(differences) * rankdata(np.abs(differences), axis=1)
    flipped = np.abs(ranks @ _all_signs(ranks.shape[1]))
    # sums of halves, which are exact
    extreme = flipped >= np.abs(ranks.sum(axis=1, keepdims=True))
    return np.asarray(extreme.mean(axis=1), dtype=np.float64)


def holm(p: Floats) -> Floats:
    """Corrects p values for their number (Holm, Scandinavian Journal of Statistics 1979).

    Args:
        p: (tests,).

    Returns:
        (tests,): at most 0.05 where the family of verdicts holds together with 95 %.
    """
    order = np.argsort(p, kind="stable")
    corrected = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return np.asarray(corrected[np.argsort(order)])


def _signed_ranks(row: Floats) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(np.sign(row) * rankdata(np.abs(row)), dtype=np.float64)


@lru_cache(maxsize=16)
def _signs(units: int) -> npt.NDArray[np.int8]:
    """Patterns of signs (images, patterns): all there are, or `FLIPS` of them at random."""
    if units <= _EXACT_UP_TO:
        return _all_signs(units)
    patterns = np.random.default_rng(SEED).integers(0, 2, size=(units, FLIPS))
    return _as_signs(patterns)


@lru_cache(maxsize=16)
def _all_signs(units: int) -> npt.NDArray[np.int8]:
    return _as_signs(np.arange(2**units)[None, :] >> np.arange(units)[:, None] & 1)


def _as_signs(patterns: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
    signs: npt.NDArray[np.int8] = (patterns * 2 - 1).astype(np.int8)
    signs.setflags(write=False)
    return signs
