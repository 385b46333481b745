"""What is computed from a run beyond its leaderboards: tests of pairs, agreement of metrics, stability of an order."""

from __future__ import annotations

from dataclasses import dataclass

MOST_COMPARED = 30
"""Restorers of one leaderboard whose pairs are tested: the best so many. More would be 435 pairs and no diagram."""


@dataclass(frozen=True, slots=True)
class PairTest:
    """Two restorers of one leaderboard, tested on its common images. `restorer` has the better mean.

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
    """The critical-difference diagram of one leaderboard (Demsar, JMLR 2006): restorers on an axis of mean ranks.

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


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether two metrics agree on one set, as Kendall's tau-b; 1 is the same order, -1 the reverse, better on top.

    Attributes:
        over_restorers: Between the orders of the restorers by their means; `None` with fewer than
            three restorers, or where a metric ties them all.
        within_images: Mean over images of tau between the orders on one image: it asks whether the
            metrics would choose the same restorer for *this* picture. `None` likewise.
        within_low: Lower end of the 95 % interval of that mean, over images; `None` with a single
            image.
        within_high: Upper end.
        restorers: How many restorers entered.
        n: Images that entered `within_images`.
    """

    set: str
    metric: str
    versus: str
    over_restorers: float | None
    within_images: float | None
    within_low: float | None
    within_high: float | None
    restorers: int
    n: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A restored image that two metrics judge differently, the largest `gap` first.

    Each metric is taken relative to the mean of all restorers on this image, in units of its
    standard deviation within images of the set, larger is better; `gap` is that of `metric` minus
    that of `versus`.

    Attributes:
        metric: A no-reference metric: `dri` where the run has it.
        versus: A full-reference metric: the benchmark's first.
        kind: `hallucination` where `metric` likes it better than `versus` does (gap > 0: it looks
            good and is not what was there), `over-smoothing` where it is the other way round (close
            to the reference, and looks poor).
        value: By `metric`, in its unit.
        versus_value: By `versus`, in its unit.
        spread: One standard deviation of the metric's own uncertainty of `value`, or `None` where
            it knows none.
        gap: In standard deviations, signed.
        gap_spread: The part of `gap` that one `spread` makes up: a gap within twice of it may be
            the scorer's doubt.
        rank: The restorer's rank on this image by `metric`, 1 is best; ties share the best.
        versus_rank: By `versus`.
        ranked: How many restorers are ranked on this image.
    """

    set: str
    image: str
    restorer: str
    metric: str
    versus: str
    kind: str
    value: float
    versus_value: float
    spread: float | None
    gap: float
    gap_spread: float | None
    rank: int
    versus_rank: int
    ranked: int


@dataclass(frozen=True, slots=True)
class RankRange:
    """A restorer's rank with everything, and the best and the worst that it has with one thing left out."""

    restorer: str
    rank: int
    best: int
    worst: int


@dataclass(frozen=True, slots=True)
class Stability:
    """How an order holds when one image, metric or set is left out, each in its turn.

    Attributes:
        task: The task.
        set: For `image`: the leaderboard's set, or `None` for the whole benchmark. Else `None`.
        metric: For `image`: the leaderboard's metric. Else `borda`: the order over all metrics and
            sets of the task.
        left_out: `image`, `metric` or `set`.
        cases: How many there were to leave out.
        same_leader: Share of cases, 0 to 1, that keep the leader.
        same_order: Share of cases that keep the whole order.
        lowest_tau: Kendall's tau-b between the whole order and the one furthest from it.
        most_influential: What that one lacks: an image's id, a metric or a set; `None` when nothing
            changes the order.
        ranges: Every restorer, best first.
    """

    task: str
    set: str | None
    metric: str
    left_out: str
    cases: int
    same_leader: float
    same_order: float
    lowest_tau: float
    most_influential: str | None
    ranges: tuple[RankRange, ...]
