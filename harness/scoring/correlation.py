"""How well metrics agree with people: correlations with mean opinion scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares
from scipy.special import expit
from scipy.stats import kendalltau, pearsonr, spearmanr

from harness.scoring.mos import LabelledImage
from harness.statistics import Floats
from harness.statistics.resampling import intervals

RESAMPLES = 1000

# Kendall's tau takes much longer than the others
KENDALL_RESAMPLES = 100

TEST_SHARE = 0.2
MIN_IMAGES = 8

# logarithms of the logistic's width, in standard deviations of the scores, from which it is fitted
STARTS = (-1.0, 0.5)

# it takes ten; more only where resamples of few images have no best width
STEPS = 100

# between a step and a line
LOG_WIDTHS = (-6.0, 6.0)

NAMES = ("srcc", "plcc", "krcc", "rmse", "srcc_within")


@dataclass(frozen=True, slots=True)
class Correlation:
    """Of one metric with MOS: each figure with its 95 % interval.

    Attributes:
        metric: Its name.
        n: Images that have a score.
        failures: Images that have none.
        values: `srcc`, `plcc`, `krcc`, `rmse`, `srcc_within` -> (value, low, high), or `None` where
            there is none.
        reason: Why there are no figures at all, in words; `None` where there are some.
    """

    metric: str
    n: int
    failures: int
    values: Mapping[str, tuple[float, float, float] | None]
    reason: str | None = None


def correlate(
    metric: str,
    scores: Sequence[float],
    labelled: Sequence[LabelledImage],
    higher_is_better: bool,
    splits: int = 0,
) -> Correlation:
    """Compares a metric's scores with MOS.

    Args:
        metric: Its name.
        scores: One an image; NaN where it has none.
        labelled: The images.
        higher_is_better: The card's direction: a metric where lower is better has positive
            correlations too.
        splits: 0: all images, intervals by bootstrap over images, of `srcc_within` over groups. N:
            the median over N random test sets of a fifth of the images, as the field reports
            trained models; intervals from the 2.5 to the 97.5 percentile.

    Returns:
        Every figure; none, and the reason, where fewer than 8 images have a finite score, all of
        these have one score or one MOS, or numbers are too large to be squared.
    """
    values = np.asarray(scores, dtype=np.float64) * (1 if higher_is_better else -1)
    good = np.flatnonzero(np.isfinite(values)).tolist()
    failures = len(values) - len(good)
    x, mos = values[good], np.array([labelled[place].mos for place in good])
    if reason := _why_nothing(x, mos, len(values)):
        return Correlation(metric, len(good), failures, dict.fromkeys(NAMES), reason)
    groups = np.array([labelled[place].group for place in good])
    drawn = [
        _figures(x[rows], mos[rows], groups[rows], krcc=bool(splits) or place < KENDALL_RESAMPLES)
        for place, rows in enumerate(_draws(len(good), splits))
    ]
    found = {
        name: _summary(figure, [figures[name] for figures in drawn], median=splits > 0)
        for name, figure in _figures(x, mos, groups, krcc=True).items()
    }
    found["srcc_within"] = found["srcc_within"] if splits else _over_scenes(x, mos, groups)
    return Correlation(metric, len(good), failures, found)


def _why_nothing(x: Floats, mos: Floats, of: int) -> str | None:
    """Why scores, turned so that higher is better, cannot be held against MOS at all, if so."""
    if len(x) < MIN_IMAGES:
        return f"{len(x)} of {of} images have a finite score; expected at least {MIN_IMAGES}"
    for what, numbers in (("mos", mos), ("score", x)):
        with np.errstate(over="ignore"):
            near = np.isfinite(np.var(numbers))  # no float holds the squares of others
        if not near:
            apart = np.abs(numbers).max()
            return f"{what} has numbers of up to {apart:.3g} in size: they are too far apart"
        if 0 in (np.ptp(numbers), np.var(numbers)):  # or no float holds the squares
            return f"all {len(x)} scored images have the same {what}: they have no order"
    return None


def _summary(
    value: float, drawn: Sequence[float], *, median: bool
) -> tuple[float, float, float] | None:
    """A figure, or the median of those that were drawn, with its 95 % interval."""
    known = np.array(drawn)[np.isfinite(drawn)]
    value = float(np.median(known)) if median and len(known) else value
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (value, value)
    return (value, float(low), float(high)) if np.isfinite(value) else None


def _draws(count: int, splits: int) -> list[npt.NDArray[np.int64]]:
    """Which images are in each of the test sets, or else resamples."""
    generator = np.random.default_rng(0)
    if splits:
        size = max(round(TEST_SHARE * count), MIN_IMAGES)
        return [generator.permutation(count)[:size] for _ in range(splits)]
    return [generator.integers(count, size=count) for _ in range(RESAMPLES)]


def correlations(predicted: Sequence[float], mos: Sequence[float]) -> dict[str, float]:
    """SRCC, PLCC and RMSE (after a logistic fit) and KRCC of predictions with MOS.

    NaN where either is constant.
    """
    x, y = np.asarray(predicted, dtype=np.float64), np.asarray(mos, dtype=np.float64)
    return _figures(x, y, np.full(len(x), ""), krcc=True)


def _figures(
    x: Floats, mos: Floats, groups: npt.NDArray[np.str_], *, krcc: bool
) -> dict[str, float]:
    if np.ptp(x) == 0 or np.ptp(mos) == 0:
        return dict.fromkeys(NAMES, float("nan"))
    fitted = fit_logistic(x, mos)
    return {
        "srcc": float(spearmanr(x, mos).statistic),
        "plcc": float(pearsonr(fitted, mos).statistic) if np.ptp(fitted) > 0 else float("nan"),
        "krcc": float(kendalltau(x, mos).statistic) if krcc else float("nan"),
        "rmse": float(np.sqrt(np.mean((fitted - mos) ** 2))),
        "srcc_within": _within(x, mos, groups),
    }


def fit_logistic(x: Floats, mos: Floats) -> Floats:
    """Maps scores to MOS by the four-parameter logistic of VQEG (2000), fitted by least squares.

    Fitted on standardised scores from a flat and from a steep start, so that the unit of a metric
    does not matter; the straight line, which is the limit of a flat logistic, is returned where it
    is closer.

    Args:
        x: (N,) scores, not all the same.
        mos: (N,).

    Returns:
        (N,) the mapped scores.
    """
    scores, target = (x - x.mean()) / x.std(), (mos - mos.mean()) / mos.std()
    best: Floats = np.asarray(np.polyval(np.polyfit(scores, target, 1), scores), dtype=np.float64)
    for log_width in STARTS:
        start = np.array([-2.0, 4.0, float(np.median(scores)), log_width])
        # not "lm": scipy's MINPACK reads memory that nobody has set, and says another last digit
        fit = least_squares(
            _distances, start, _slopes, method="trf", max_nfev=STEPS, args=(scores, target)
        )
        curve = _logistic(fit.x, scores)
        if np.sum((curve - target) ** 2) < np.sum((best - target) ** 2):
            best = curve
    return np.asarray(mos.mean() + mos.std() * best)


def _logistic(parameters: Floats, x: Floats) -> Floats:
    """The curve bottom + height / (1 + exp(-(x - centre) / width)).

    Its width is given by its logarithm.
    """
    bottom, height, centre, log_width = parameters
    rising = expit((x - centre) / np.exp(np.clip(log_width, *LOG_WIDTHS)))
    return np.asarray(bottom + height * rising)


def _distances(parameters: Floats, x: Floats, target: Floats) -> Floats:
    return _logistic(parameters, x) - target


def _slopes(parameters: Floats, x: Floats, _target: Floats) -> Floats:
    """Derivatives of `_distances` by the parameters, (N, 4)."""
    _, height, centre, log_width = parameters
    width = np.exp(np.clip(log_width, *LOG_WIDTHS))
    along = (x - centre) / width
    rising = expit(along)
    steep = height * rising * (1 - rising)
    inside = LOG_WIDTHS[0] < log_width < LOG_WIDTHS[1]
    return np.stack([np.ones_like(x), rising, -steep / width, -steep * along * inside], axis=1)


def _within(x: Floats, mos: Floats, groups: npt.NDArray[np.str_]) -> float:
    """Mean SRCC over groups."""
    found = _of_groups(x, mos, groups)
    return float(np.mean(found)) if len(found) else float("nan")


def _over_scenes(
    x: Floats, mos: Floats, groups: npt.NDArray[np.str_]
) -> tuple[float, float, float] | None:
    """The mean SRCC over groups, with its interval by resampling groups.

    To resample images within groups repeats them, and ties them with themselves.
    """
    found = _of_groups(x, mos, groups)
    if not len(found):
        return None
    if len(found) < 2:
        return float(found[0]), float("nan"), float("nan")
    [mean], [low], [high] = intervals(found[None], (len(found),), len(found))
    return float(mean), max(float(low), -1.0), min(float(high), 1.0)


def _of_groups(x: Floats, mos: Floats, groups: npt.NDArray[np.str_]) -> Floats:
    """SRCC in each group of at least three images with different scores."""
    members = [groups == group for group in np.unique(groups[groups != ""])]
    varied = [
        rows
        for rows in members
        if rows.sum() >= 3 and np.ptp(x[rows]) > 0 and np.ptp(mos[rows]) > 0
    ]
    return np.array([float(spearmanr(x[rows], mos[rows]).statistic) for rows in varied])
