"""Every pair of a leaderboard tested, and the diagram that shows it."""

from dataclasses import dataclass

MOST_COMPARED = 30
"""The best so many restorers of a leaderboard are tested pair by pair: 435 pairs, one diagram."""


@dataclass(frozen=True, slots=True)
class PairTest:
    """Two restorers of one leaderboard, tested on its common images; the first has the better mean.

    Attributes:
        set: The set, or `None` for the whole benchmark.
        difference: Mean of `restorer` minus mean of `versus`, in the metric's unit (negative where
            lower is better).
        p_flip: Two-sided p of a mean difference of zero, by flipping the signs of the images'
            differences.
        p_wilcoxon: Two-sided p of Wilcoxon's signed ranks (zeros ranked as Pratt does).
        p_flip_holm: `p_flip` corrected by Holm over the tested pairs of this leaderboard.
        p_wilcoxon_holm: `p_wilcoxon`, corrected likewise.
        n: Images; one that several sets degrade is one.
    """

    set: str | None
    metric: str
    restorer: str
    versus: str
    difference: float
    p_flip: float
    p_wilcoxon: float
    p_flip_holm: float
    p_wilcoxon_holm: float
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
        critical_difference: Mean ranks closer than this are not told apart by Nemenyi's test at 95
            %.
        nemenyi_cliques: Largest groups of neighbours on the axis that Nemenyi's test does not tell
            apart; each has two restorers or more. A diagram draws one bar for each.
        wilcoxon_cliques: The same where no pair differs by Wilcoxon's signed ranks with Holm's
            correction (Benavoli et al., JMLR 2016, recommend it over Nemenyi's, which depends on
            who else takes part).
        n: Images.
    """

    set: str | None
    metric: str
    restorers: tuple[str, ...]
    mean_ranks: tuple[float, ...]
    friedman_p: float | None
    critical_difference: float
    nemenyi_cliques: tuple[tuple[str, ...], ...]
    wilcoxon_cliques: tuple[tuple[str, ...], ...]
    n: int
