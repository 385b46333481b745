"""Whether two metrics judge alike, and where they do not."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether two metrics agree on one set, as Kendall's tau-b.

    1 is the same order, -1 the reverse, better on top.

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
    """A restored image that two metrics judge differently beyond doubt, the largest `gap` first.

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
        gap_spread: The part of `gap` that one `spread` makes up: a gap within twice of it would be
            the scorer's doubt, and is left out.
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
