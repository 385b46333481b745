"""All pairs of a leaderboard at once: p and intervals that say the same, and hold together.

What chance makes of the largest difference of any pair, in its own standard errors, is what every
pair is held against. A p at or below 0.05 and an interval without 0 are then one statement.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from harness.results import SIGNIFICANT
from harness.statistics import Floats

# by so little more counts as larger, for the largest is known in single precision
_ROUNDING = 1 - 1e-6


class Pairs(NamedTuple):
    """Every pair of rows compared; each is (restorers, restorers), the row minus the column.

    Attributes:
        difference: 0 where no difference can be told: both are infinite in both directions.
        low: Lower ends of the intervals, which hold together with 95 %; -inf where nothing is
            known.
        high: Upper ends; likewise inf.
        p: Of no difference, corrected over all pairs: at or below 0.05 exactly where the interval
            leaves 0 out.
    """

    difference: Floats
    low: Floats
    high: Floats
    p: Floats

    def take(self, order: npt.NDArray[np.int64]) -> "Pairs":
        """The pairs of some rows, in their order."""
        return Pairs(*(part[np.ix_(order, order)] for part in self))

    def times(self, scale: Floats) -> "Pairs":
        """In another unit: differences and intervals times factors above 0."""
        return Pairs(self.difference * scale, self.low * scale, self.high * scale, self.p)


class Chance(NamedTuple):
    """How large the largest difference of any pair is where nothing differs.

    Attributes:
        largest: (cases,), ascending.
        added: 1 where the cases are drawn: what was observed is one more; 0 where they are all.
    """

    largest: npt.NDArray[np.float32]
    added: int

    def p(self, observed: Floats) -> Floats:
        """The share of cases as large as each of the observed."""
        beyond = len(self.largest) - np.searchsorted(self.largest, observed * _ROUNDING)
        return np.asarray((beyond + self.added) / (len(self.largest) + self.added))

    @property
    def critical(self) -> float:
        """What is larger than this has a p of at most 0.05."""
        most = int(SIGNIFICANT * (len(self.largest) + self.added) - self.added + 1e-9)
        return float(self.largest[len(self.largest) - 1 - most]) / _ROUNDING


def chance(values: Floats, inverse: Floats, added: int) -> Chance:
    """The largest difference of any pair of rows, case by case.

    Args:
        values: (restorers, cases): what chance makes of the restorers.
        inverse: (restorers, restorers): what the difference of each pair is multiplied by.
        added: As in `Chance`.
    """
    rows, scale = values.astype(np.float32), inverse.astype(np.float32)
    largest = np.zeros(rows.shape[1], np.float32)
    for row in range(len(rows) - 1):
        difference = rows[row + 1 :] - rows[row]
        np.abs(difference, out=difference)
        difference *= scale[row + 1 :, row, None]
        np.maximum(largest, difference.max(axis=0), out=largest)
    return Chance(np.sort(largest), added)


def nothing_known(difference: Floats) -> Pairs:
    """Every pair where there is too little for any test, by their differences."""
    anything = np.full_like(difference, np.inf)
    return judged(difference, anything, anything, np.ones_like(difference))


def judged(difference: Floats, below: Floats, above: Floats, p: Floats) -> Pairs:
    """Pairs by how far their intervals reach below and above the difference.

    Args:
        difference: (restorers, restorers), infinities allowed.
        below: At least 0, likewise.
        above: Likewise.
        p: Corrected over all pairs.
    """
    return Pairs(*_agreed(difference, below, above, p))


def _agreed(difference: Floats, below: Floats, above: Floats, p: Floats) -> Iterator[Floats]:
    """The same said by every part, whatever was rounded on the way, and of infinities too."""
    finite = np.isfinite(difference)
    told = (p <= SIGNIFICANT) & (difference != 0)
    with np.errstate(invalid="ignore"):
        low, high = difference - below, difference + above
    # an infinite difference is its own interval, where it is one for sure
    low = np.where(finite, low, np.where(told, difference, -np.inf))
    high = np.where(finite, high, np.where(told, difference, np.inf))
    tiny = np.abs(np.where(finite, difference, 1)) * 1e-6
    yield difference
    yield np.where(told & (difference > 0), np.maximum(low, tiny), np.minimum(low, 0.0))
    yield np.where(told & (difference < 0), np.minimum(high, -tiny), np.maximum(high, 0.0))
    yield np.where(difference == 0, 1.0, p)


def minus(one: Floats, other: Floats) -> Floats:
    """Differences; two that are infinite are both perfect, which is no difference."""
    with np.errstate(invalid="ignore"):
        rows = one - other
    return np.where(np.isnan(rows), 0.0, rows)
