"""Paired tests of a whole run at once.

Few false alarms over many cells, and little power lost to their number.
"""

from collections.abc import Sequence

import numpy as np

from harness.statistics import Floats


def paired_t(differences: Floats) -> tuple[float, float, float, float]:
    """Paired t test of a mean difference.

    Args:
        differences: (images,), at least two.

    Returns:
        Mean, the ends of its 95 % interval, and the one-sided p of a mean as low as this where
        there is no difference; 1 - p is that of a mean as high. Differences without any spread are
        certain.
    """
    from scipy.special import stdtr, stdtrit

    count, mean = len(differences), float(differences.mean())
    if np.ptp(differences) <= 1e-12 * max(abs(mean), 1e-12):
        return mean, mean, mean, 0.5 * (1.0 + float(np.sign(mean)))
    error = float(differences.std(ddof=1)) / np.sqrt(count)
    half = float(stdtrit(count - 1, 0.975)) * error
    return mean, mean - half, mean + half, float(stdtr(count - 1, mean / error))


def correct(p: Sequence[float], families: Sequence[str]) -> list[float]:
    """Corrects one-sided p values for the number of tests in a run, restorer by restorer.

    A family (the cells of one restorer) is first tested as a whole: Simes' combination of its p
    values (Biometrika 1986), which is small where one cell is very unlikely or many are unlikely.
    The families are corrected for their number (Holm, Scandinavian Journal of Statistics 1979). A
    cell counts when its family does and it does itself. So an alarm anywhere in a run without any
    change is as rare as with Holm over all cells, while a restorer that lost on all its sets does
    not pay for their number (docs/decisions).

    Args:
        p: One for each cell.
        families: The family of each cell.

    Returns:
        The smallest level at which each cell counts.
    """
    from scipy.stats import false_discovery_control

    members: dict[str, list[float]] = {}
    for value, family in zip(p, families, strict=True):
        members.setdefault(family, []).append(value)
    # the smallest p that Benjamini and Hochberg's step-up gives is Simes'
    whole = [float(np.min(false_discovery_control(values))) for values in members.values()]
    corrected = dict(zip(members, holm(np.array(whole)).tolist(), strict=True))
    return [max(value, corrected[family]) for value, family in zip(p, families, strict=True)]


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
