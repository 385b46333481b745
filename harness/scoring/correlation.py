"""How well metrics agree with people: correlations with mean opinion scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.scoring.mos import LabelledImage
from harness.statistics import Floats

RESAMPLES = 1000
KENDALL_RESAMPLES = 100
"""Kendall's tau takes much longer than the others."""

TEST_SHARE = 0.2
MIN_IMAGES = 8
STARTS = (-1.0, 0.5)
"""Logarithms of the logistic's width, in standard deviations of the scores, from which it is fitted."""
LOG_WIDTHS = (-6.0, 6.0)
"""Between a step and a line."""

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
    """

    metric: str
    n: int
    failures: int
    values: Mapping[str, tuple[float, float, float] | None]


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
        splits: 0: all images, intervals by bootstrap over images. N: the median over N random test
            sets of a fifth of the images, as the field reports trained models; intervals from the
            2.5 to the 97.5 percentile.

    Raises:
        InputError: Fewer than 8 images have a score.
    """
    values = np.asarray(scores, dtype=np.float64) * (1 if higher_is_better else -1)
    good = np.flatnonzero(np.isfinite(values))
    if len(good) < MIN_IMAGES:
        raise InputError(
            f"{metric} has a score for {len(good)} images; expected at least {MIN_IMAGES}"
        )
    x, mos = values[good], np.array([labelled[index].mos for index in good.tolist()])
    groups = np.array([labelled[index].group for index in good.tolist()])
    generator = np.random.default_rng(0)
    if splits:
        size = max(round(TEST_SHARE * len(good)), MIN_IMAGES)
        draws = [generator.permutation(len(good))[:size] for _ in range(splits)]
    else:
        draws = [generator.integers(len(good), size=len(good)) for _ in range(RESAMPLES)]
    whole = _figures(x, mos, groups, krcc=True)
    drawn = [
        _figures(x[rows], mos[rows], groups[rows], krcc=bool(splits) or place < KENDALL_RESAMPLES)
        for place, rows in enumerate(draws)
    ]
    found: dict[str, tuple[float, float, float] | None] = {}
    for name in NAMES:
        column = np.array([figures[name] for figures in drawn])
        column = column[np.isfinite(column)]
        value = float(np.median(column)) if splits and len(column) else whole[name]
        low, high = np.percentile(column, [2.5, 97.5]) if len(column) else (value, value)
        found[name] = (value, float(low), float(high)) if np.isfinite(value) else None
    return Correlation(metric, len(good), len(values) - len(good), found)


def correlations(predicted: Sequence[float], mos: Sequence[float]) -> dict[str, float]:
    """SRCC, PLCC and RMSE (after a logistic fit) and KRCC of predictions with MOS; NaN where either is constant."""
    x, y = np.asarray(predicted, dtype=np.float64), np.asarray(mos, dtype=np.float64)
    return _figures(x, y, np.full(len(x), ""), krcc=True)


def _figures(
    x: Floats, mos: Floats, groups: npt.NDArray[np.str_], *, krcc: bool
) -> dict[str, float]:
    from scipy.stats import kendalltau, pearsonr, spearmanr

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
    from scipy.optimize import least_squares

    scores, target = (x - x.mean()) / x.std(), (mos - mos.mean()) / mos.std()
    best: Floats = np.asarray(np.polyval(np.polyfit(scores, target, 1), scores), dtype=np.float64)
    for log_width in STARTS:
        start = np.array([-2.0, 4.0, float(np.median(scores)), log_width])
        fit = least_squares(_distances, start, _slopes, method="lm", args=(scores, target))
        curve = _logistic(fit.x, scores)
        if np.sum((curve - target) ** 2) < np.sum((best - target) ** 2):
            best = curve
    fitted: Floats = mos.mean() + mos.std() * best
    return fitted


def _logistic(parameters: Floats, x: Floats) -> Floats:
    """The curve bottom + height / (1 + exp(-(x - centre) / width)); its width is given by its logarithm."""
    from scipy.special import expit

    bottom, height, centre, log_width = parameters
    curve: Floats = bottom + height * expit((x - centre) / np.exp(np.clip(log_width, *LOG_WIDTHS)))
    return curve


def _distances(parameters: Floats, x: Floats, target: Floats) -> Floats:
    """What least squares makes small."""
    return _logistic(parameters, x) - target


def _slopes(parameters: Floats, x: Floats, target: Floats) -> Floats:  # noqa: ARG001 - as `_distances` is called
    """Derivatives of `_distances` by the parameters, (N, 4)."""
    from scipy.special import expit

    _, height, centre, log_width = parameters
    width = np.exp(np.clip(log_width, *LOG_WIDTHS))
    along = (x - centre) / width
    rising = expit(along)
    steep = height * rising * (1 - rising)
    inside = LOG_WIDTHS[0] < log_width < LOG_WIDTHS[1]
    return np.stack([np.ones_like(x), rising, -steep / width, -steep * along * inside], axis=1)


def _within(x: Floats, mos: Floats, groups: npt.NDArray[np.str_]) -> float:
    """Mean SRCC over groups of at least three images with different scores."""
    from scipy.stats import spearmanr

    found = []
    for group in np.unique(groups[groups != ""]):
        rows = groups == group
        if rows.sum() >= 3 and np.ptp(x[rows]) > 0 and np.ptp(mos[rows]) > 0:
            found.append(float(spearmanr(x[rows], mos[rows]).statistic))
    return float(np.mean(found)) if found else float("nan")
