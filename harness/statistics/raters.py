"""How well raters agree: Krippendorff's alpha, and how often one agrees with the rest."""

import numpy as np

from harness.statistics import Floats
from harness.statistics.paired_comparisons import Ints


def krippendorff_alpha(units: Ints, values: Floats) -> float:
    """Krippendorff's alpha with squared differences (Content Analysis, 2004, chapter 11).

    Args:
        units: (ratings,) what was rated, as numbers from 0.
        values: (ratings,) on an interval scale.

    Returns:
        1 for full agreement, about 0 for chance, less for systematic disagreement; NaN where
        nothing was rated twice or everything has one value.
    """
    counts = np.bincount(units)
    kept = counts[units] > 1
    if not kept.any():
        return float("nan")
    units, values = np.unique(units[kept], return_inverse=True)[1], values[kept]
    counts = np.bincount(units)
    # within a unit, squared differences over all ordered pairs are 2 m times the squares' sum
    sums, squares = np.bincount(units, values), np.bincount(units, values**2)
    observed = (2 * (counts * squares - sums**2) / (counts - 1)).sum() / len(values)
    total = len(values)
    expected = 2 * (total * (values**2).sum() - values.sum() ** 2) / (total * (total - 1))
    return float(1 - observed / expected) if expected > 1e-12 else float("nan")


def agreement_with_rest(wins: Floats, losses: Floats) -> tuple[Floats, Floats]:
    """How often one vote agrees with the majority of the others on the same pair.

    Args:
        wins: (pairs,) votes for the first of each pair.
        losses: (pairs,) votes for the second.

    Returns:
        For each pair the expected number of votes that agree, of the number of votes (pairs,); a
        majority that is a tie agrees by half. A pair with one vote says nothing: 0 of 0.
    """
    agreed = wins * _follows(wins, losses) + losses * _follows(losses, wins)
    several = wins + losses > 1
    return np.where(several, agreed, 0.0), np.where(several, wins + losses, 0.0)


def _follows(own: Floats, other: Floats) -> Floats:
    """Whether the votes less one of `own` are for it: 1, 0, or 0.5 for neither."""
    return np.asarray((1 + np.sign(own - 1 - other)) / 2)
