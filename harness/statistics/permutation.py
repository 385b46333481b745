"""All pairs of a leaderboard, tested by flipping signs; by turning, where images are too few.

Where nothing differs, which of two restorers is better on an image is a toss: so the signs of the
images' differences may be flipped at will, and the test needs no normal distribution.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from harness.results import FEW_IMAGES, MIN_SIGNS
from harness.statistics import Floats
from harness.statistics.resampling import RESAMPLES, SEED, batches, capped
from harness.statistics.simultaneous import Chance, Pairs, chance, judged, minus, nothing_known

# by how much skewness is multiplied: a few dozen images show about half that of a long-tailed
# distribution
HIDDEN = 2.0

# images: 4,096 sign patterns are enumerated, more are drawn
_EXACT_UP_TO = 12


def compare_pairs(sums: Floats, strata: tuple[int, ...], cells: int) -> Pairs:
    """Tests every pair's mean difference, and says between which values it lies.

    The signs of whole images are flipped, for all restorers at once, and each pair's studentised
    difference is held against the largest of any pair (Westfall & Young 1993): the share of
    patterns with one as large is its p. All verdicts at p <= 0.05 hold together with 95 %, whatever
    the distribution of the differences, so long as it is symmetric; what their skewness may have
    added to a difference is taken off it first. Intervals hold what is not excluded at 0.05.

    Of fewer than `MIN_SIGNS` images no pattern of signs is rare enough. There all images are
    turned at random (Langsrud, Statistics and Computing 2005): of a single pair that is the paired
    t test with Student's interval. It holds where differences are normally distributed, and a few
    images cannot show whether they are.

    Args:
        sums: (restorers, images): scores summed by image, infinities allowed: they count as just
            beyond everything finite.
        strata: As for `intervals`.
        cells: How many scores each row sums up.

    Returns:
        Differences of means, with p and intervals; nothing is known of a single image. Images on
        which both are infinite are no difference; two that share an infinite mean are one rank, and
        are not told apart.
    """
    difference, perfect = _differences(sums, cells)
    finite, _ = batches(capped(sums), strata)
    rounding = 1e-12 * float(np.abs(finite).max(initial=0.0))
    # what an image does to everyone cancels in differences; without it they lose fewer digits
    finite = finite - finite.mean(axis=0)
    unit = float(np.abs(finite).max(initial=0.0))
    if min(finite.shape) < 2:
        return nothing_known(difference)
    if unit <= rounding:  # on no image does anybody differ from anybody: that much is known
        nothing = np.zeros_like(difference)
        return judged(nothing, nothing, nothing, np.ones_like(difference))
    below, above, p = _told(finite / unit, finite.shape[1] * (rounding / unit) ** 2)
    scale = unit / cells
    return judged(difference, below * scale, above * scale, np.where(perfect, 1.0, p))


def _told(sums: Floats, rounding: float) -> tuple[Floats, Floats, Floats]:
    """How far below and above its difference each pair's interval reaches, and p.

    Args:
        sums: (restorers, images), finite.
        rounding: Sum of squares up to which a difference is none.
    """
    units, centred = sums.shape[1], sums - sums.mean(axis=1, keepdims=True)
    inverse, varied = _inverse(sums, rounding), _inverse(centred, rounding)
    totals = sums.sum(axis=1)
    ratios, skewness = (totals[:, None] - totals) * inverse, _skewness(sums)
    sure = _ratio(_without_skewness(ratios, skewness, units), units)
    # what decides where nothing differs, and where everybody is as far from each other as it looks:
    # large differences hang together more than what chance adds to them, and make it look smaller
    known = [_by_chance(sums, inverse), _by_chance(centred, varied)]
    p = np.where(inverse > 0, np.maximum(*(item.p(sure) for item in known)), 1.0)
    # a standard error such that the ratio and Student's t say the same
    errors = np.where(varied > 0, np.sqrt(_squares(centred) * units / (units - 1)), 0.0)
    critical = float(_student(np.array(max(item.critical for item in known)), units))
    below, above = _reach(critical, skewness, units)
    return below * errors, above * errors, p


def _differences(sums: Floats, cells: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Mean differences of every pair, and which pairs share an infinite mean."""
    with np.errstate(invalid="ignore"):
        means = sums.sum(axis=1) / cells
        if np.isfinite(sums).all():
            difference = means[:, None] - means
        else:
            rows = [minus(row, sums).sum(axis=1) / cells for row in sums]
            difference = np.nan_to_num(rows, nan=0.0, posinf=np.inf, neginf=-np.inf)
    return difference, np.isinf(means) & (means == means[:, None])


def _by_chance(finite: Floats, inverse: Floats) -> Chance:
    units = finite.shape[1]
    if units < MIN_SIGNS:
        return chance(finite @ _turned(units), inverse, 1)
    # a pattern and its mirror image give the same absolute differences: one of them is enough
    exact = units <= _EXACT_UP_TO
    patterns = _signs(units)[:, : 2 ** (units - 1) if exact else RESAMPLES]
    # of any pair: whoever reads a leaderboard reads all of its verdicts. Holm's correction of many
    # pairs does not know how they hang together, and with so few patterns it never reaches 0.05
    return chance(finite @ patterns.astype(np.float64), inverse, 0 if exact else 1)


def _inverse(rows: Floats, rounding: float) -> Floats:
    """What sums are multiplied by to be in units of chance; 0 of pairs that differ by rounding."""
    squares = _squares(rows)
    real = squares > max(1e-12 * float((rows**2).sum(axis=1).max()), rounding)
    return np.where(real, 1 / np.sqrt(np.where(real, squares, 1)), 0)


def _squares(rows: Floats) -> Floats:
    """Sums of the squared differences of every pair."""
    norms = (rows**2).sum(axis=1)
    return np.asarray(np.maximum(norms[:, None] + norms - 2 * rows @ rows.T, 0))


def _student(ratio: Floats, units: int) -> Floats:
    """Student's t of a sum divided by the root of the sum of squares."""
    return np.asarray(ratio * np.sqrt((units - 1) / np.maximum(units - ratio**2, 1e-9)))


def _ratio(t: Floats, units: int) -> Floats:
    return np.asarray(t * np.sqrt(units / (units - 1 + t**2)))


def _skewness(sums: Floats) -> Floats:
    """Skewness of each pair's difference, with what is not seen of it.

    That of a few images is noise: of fewer than `FEW_IMAGES` it is 0.
    """
    units = sums.shape[1]
    if units < FEW_IMAGES:
        return np.zeros((len(sums), len(sums)))
    centred = sums - sums.mean(axis=1, keepdims=True)
    mixed = centred**2 @ centred.T
    cubes = np.diagonal(mixed)
    third = cubes[:, None] - 3 * mixed + 3 * mixed.T - cubes
    second = _squares(centred)
    varied = second > 1e-12 * max(float((centred**2).sum(axis=1).max()), 1e-300)
    shown = units**0.5 * third / np.where(varied, second, 1) ** 1.5
    return np.where(varied, HIDDEN * shown, 0.0)


def _without_skewness(ratios: Floats, skewness: Floats, units: int) -> Floats:
    """How large each pair's t is for sure, when skewness may have made it look larger.

    Flipped signs make every pattern symmetric, and so cannot show what a long tail on one side does
    to the difference that was observed. Hall's t (JRSS B 1992), which grows with Student's, takes
    its place where it is nearer to 0.
    """
    t = _student(ratios, units)
    hall = t + skewness * (1 + 2 * t**2) / (6 * units**0.5) + skewness**2 * t**3 / (27 * units)
    return np.where(np.sign(hall) == np.sign(t), np.minimum(np.abs(hall), np.abs(t)), 0.0)


def _reach(critical: float, skewness: Floats, units: int) -> tuple[Floats, Floats]:
    """How many standard errors below and above a difference what is not excluded lies.

    Where Hall's t of a distance is no larger than the critical one: it is inverted.
    """
    root = units**0.5
    curved = np.abs(skewness) > 1e-6
    slope = np.where(curved, skewness, 1.0) / (3 * root)

    def inverted(hall: float) -> Floats:
        found = (np.cbrt(1 + 3 * slope * (hall - slope / 2)) - 1) / slope
        return np.where(curved, found, hall)

    return np.maximum(inverted(critical), critical), np.maximum(-inverted(-critical), critical)


@lru_cache(maxsize=16)
def _turned(units: int) -> Floats:
    """What any sum over images becomes when all images are turned at random: (images, RESAMPLES).

    Directions are uniform, and as long as that of the sum.
    """
    directions = np.random.default_rng(SEED).normal(size=(units, RESAMPLES))
    turned = directions * np.sqrt(units / (directions**2).sum(axis=0))
    turned.setflags(write=False)
    return np.asarray(turned)


@lru_cache(maxsize=16)
def _signs(units: int) -> npt.NDArray[np.int8]:
    """Patterns of signs (images, patterns): all there are, or `RESAMPLES` of them at random."""
    if units <= _EXACT_UP_TO:
        patterns = np.arange(2**units)[None, :] >> np.arange(units)[:, None] & 1
    else:
        patterns = np.random.default_rng(SEED).integers(0, 2, size=(units, RESAMPLES))
    signs: npt.NDArray[np.int8] = (patterns * 2 - 1).astype(np.int8)
    signs.setflags(write=False)
    return signs
