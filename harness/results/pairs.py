"""Every pair of a leaderboard, and the diagram that shows them."""

from dataclasses import dataclass

MOST_COMPARED = 30
"""The best so many restorers of a leaderboard are shown pair by pair: 435 pairs, one diagram."""


@dataclass(frozen=True, slots=True)
class PairTest:
    """Two restorers of one leaderboard over its common images; the first has the better mean.

    Attributes:
        set: The set, or `None` for the whole benchmark.
        difference: Mean of `restorer` minus mean of `versus`, in the metric's unit (negative where
            lower is better).
        ci_low: Lower end of its interval, paired by image: the intervals of all pairs of the
            leaderboard hold together with 95 %. `None` with a single image.
        ci_high: Upper end.
        p: Of no difference, two-sided, corrected over all pairs of the leaderboard.
        n: Images; one that several sets degrade is one.
    """

    set: str | None
    metric: str
    restorer: str
    versus: str
    difference: float
    ci_low: float | None
    ci_high: float | None
    p: float
    n: int


@dataclass(frozen=True, slots=True)
class CriticalDifference:
    """The critical-difference diagram of one leaderboard (Demsar, JMLR 2006).

    It shows restorers on an axis of mean ranks.

    Attributes:
        set: The set, or `None` for the whole benchmark.
        restorers: Best mean rank first; at most `MOST_COMPARED`, the best by mean.
        mean_ranks: Mean over images of each restorer's rank on the image, 1 is best, ties share the
            mean; likewise.
        friedman_p: Of all restorers being alike (Friedman's test); `None` with fewer than three
            restorers.
        cliques: Largest groups of neighbours on the axis of which no two are told apart, by the p
            that decides everywhere else: that of mean scores. Each has two restorers or more. A
            diagram draws one bar for each.
        n: Images.
    """

    set: str | None
    metric: str
    restorers: tuple[str, ...]
    mean_ranks: tuple[float, ...]
    friedman_p: float | None
    cliques: tuple[tuple[str, ...], ...]
    n: int
