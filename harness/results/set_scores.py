"""Values that metrics give to whole sets, and how restorers stand by them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.cards import SetMetricCard


@dataclass(frozen=True, slots=True)
class SetScore:
    """What a metric of sets says of one restorer on one set.

    Attributes:
        value: The value; `None`: there is none, and `reason` says why.
        images: Restored images that it is of: all of the set.
        vectors: Their feature vectors.
        replicates: The values of bootstrap samples of the images, the same for every restorer.
        key: Which pixels it is of: a hash of those of the restored images and their references.
        fingerprint: Of the metric.
    """

    restorer: str
    set: str
    metric: str
    value: float | None = None
    reason: str = ""
    images: int = 0
    vectors: int = 0
    replicates: tuple[float, ...] = ()
    key: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class SetScores:
    """All values of metrics of sets that a run holds, and the cards of these metrics."""

    cards: Mapping[str, SetMetricCard] = field(default_factory=dict)
    rows: tuple[SetScore, ...] = ()


def merge_set_scores(found: Sequence[SetScores]) -> SetScores:
    """What metrics of sets say in runs that are merged; of what several measured, the first's."""
    cards: dict[str, SetMetricCard] = {}
    rows: dict[tuple[str, str, str], SetScore] = {}
    for scores in found:
        cards = {**scores.cards, **cards}
        for row in scores.rows:
            here = rows.setdefault((row.restorer, row.set, row.metric), row)
            if here.value is None and row.value is not None:
                rows[row.restorer, row.set, row.metric] = row
    return SetScores(cards, tuple(rows.values()))


@dataclass(frozen=True, slots=True)
class SetStanding:
    """How a restorer stands on a set by a metric of sets.

    Attributes:
        value: `None`: there is none, and `reason` says why.
        ci_low: The value minus 1.96 standard deviations of its bootstrap, within the metric's
            bounds; `None` where there is no value, or one image.
        ci_high: Likewise.
        rank: By value; `None`: not ranked, and `reason` says why.
        rank_low: One more than the restorers that are told apart as better.
        rank_high: The worst rank that the data cannot exclude.
        images: Restored images, of `of`.
        vectors: Feature vectors of them.
        rank_from: How many of these a ranking takes.
        reason: Why there is no value, or no rank.
    """

    set: str
    metric: str
    restorer: str
    higher_is_better: bool
    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    rank: int | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    images: int = 0
    of: int = 0
    vectors: int = 0
    rank_from: int = 0
    reason: str = ""
