"""How restorers stand by metrics of sets: values, intervals, and ranks where there is enough."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from statistics import NormalDist

import numpy as np

from harness.cards import SetMetricCard
from harness.ranking.tables import set_names
from harness.results import (
    FEW_IMAGES,
    SIGNIFICANT,
    Restored,
    RunData,
    SetScore,
    SetStanding,
)

NOT_MEASURED = "not measured since its images changed: the same `restobench run` does"


@dataclass(frozen=True, slots=True)
class WholeSet:
    """What a restorer has made of a set that has references.

    Attributes:
        restored: In the order of the images' ids.
        references: The pixel hash of the reference of each.
        of: How many images the set has in the run.
    """

    restorer: str
    set: str
    restored: tuple[Restored, ...]
    references: tuple[str, ...]
    of: int

    def is_whole(self) -> bool:
        """Whether no image is missing."""
        return len(self.restored) == self.of > 0

    def key(self) -> str:
        """Which pixels it holds: 32 hex digits of the hashes, in the images' order."""
        hashes = (image.sha256 for image in self.restored)
        pairs = list(zip(hashes, self.references, strict=True))
        return hashlib.sha256(repr(pairs).encode()).hexdigest()[:32]


def whole_sets(data: RunData) -> Iterator[WholeSet]:
    """What every restorer has made of every set with references, set by set; skipped ones not."""
    images: dict[str, set[str]] = {}
    cells = [row.cell for row in data.restored]
    cells += [row.cell for row in data.failures if row.metric is None]
    for name, image in [*data.samples, *((cell.set, cell.image) for cell in cells)]:
        images.setdefault(name, set()).add(image)
    made: dict[tuple[str, str], list[Restored]] = {}
    for row in data.restored:
        made.setdefault((row.cell.restorer, row.cell.set), []).append(row)
    blind = {name for (name, _), sample in data.samples.items() if not sample.reference_sha256}
    skipped = {(row.restorer, row.set) for row in data.skipped}
    for name in set_names(data):
        for restorer in data.run.restorers:
            rows = sorted(made.get((restorer, name), ()), key=lambda row: row.cell.image)
            beside = [data.samples.get((name, row.cell.image)) for row in rows]
            references = tuple(sample.reference_sha256 or "" for sample in beside if sample)
            if (restorer, name) not in skipped and name in images and name not in blind:
                known = tuple(rows) if len(references) == len(rows) else ()
                yield WholeSet(restorer, name, known, references, len(images[name]))


def set_standings(data: RunData) -> tuple[SetStanding, ...]:
    """Every restorer by every metric of sets that the run has, best first, set by set.

    A value is of a whole set: a restorer that lacks an image has none. Two restorers are told apart
    where their difference is beyond the standard deviation of its bootstrap times the normal
    quantile, corrected (Bonferroni) for all pairs.
    """
    if not data.set_scores.cards:  # of a large run, nothing is looked through for nothing
        return ()
    rows = {(row.restorer, row.set, row.metric): row for row in data.set_scores.rows}
    found: list[SetStanding] = []
    for name, group in groupby(whole_sets(data), attrgetter("set")):
        items = list(group)
        for metric, card in data.set_scores.cards.items():
            scores = [rows.get((item.restorer, name, metric)) for item in items]
            bare = [_standing(card, item, score) for item, score in zip(items, scores, strict=True)]
            found += _ranked(card, list(zip(bare, scores, strict=True)))
    return tuple(found)


def _standing(card: SetMetricCard, item: WholeSet, score: SetScore | None) -> SetStanding:
    here = len(item.restored)
    said = item.set, card.name, item.restorer, card.higher_is_better
    bare = SetStanding(*said, images=here, of=item.of, rank_from=card.rank_from)
    if not item.is_whole():
        return replace(bare, reason=f"{here} of {item.of} images: a value is of the whole set")
    if score is None or score.key != item.key():
        return replace(bare, reason=NOT_MEASURED)
    if score.value is None:
        return replace(bare, reason=score.reason)
    bare = replace(bare, value=score.value, vectors=score.vectors)
    if not score.replicates:
        return bare
    half = NormalDist().inv_cdf(1 - SIGNIFICANT / 2) * float(np.std(score.replicates, ddof=1))
    least, most = min(card.bounds[0], score.value), max(card.bounds[1], score.value)
    low, high = max(score.value - half, least), min(score.value + half, most)
    return replace(bare, ci_low=low, ci_high=high)


def _ranked(
    card: SetMetricCard, items: Sequence[tuple[SetStanding, SetScore | None]]
) -> list[SetStanding]:
    """With ranks, where all that have a value have enough images and vectors."""
    sign = 1 if card.higher_is_better else -1
    valued = [(row, score) for row, score in items if row.value is not None and score is not None]
    others = [row for row, _ in items if row.value is None]
    valued.sort(key=lambda both: (-sign * (both[0].value or 0.0), both[0].restorer))
    if reason := _too_few(card, [row for row, _ in valued]):
        return [*(replace(row, reason=reason) for row, _ in valued), *others]
    values = sign * np.array([row.value for row, _ in valued])
    drawn = [score.replicates for _, score in valued]
    fewest = min(map(len, drawn), default=0)  # of more feature vectors fewer samples are drawn
    draws = sign * np.array([part[:fewest] for part in drawn])
    pairs = max(1, len(valued) * (len(valued) - 1) // 2)
    beyond = NormalDist().inv_cdf(1 - SIGNIFICANT / 2 / pairs)
    ranked = []
    for place, (row, _) in enumerate(valued):
        gaps = values - values[place]
        doubt = beyond * np.std(draws - draws[place], axis=1, ddof=1)
        better, worse = int((gaps > doubt).sum()), int((gaps < -doubt).sum())
        rank = 1 + int((gaps > 0).sum())
        ranked.append(replace(row, rank=rank, rank_low=1 + better, rank_high=len(valued) - worse))
    return [*ranked, *others]


def _too_few(card: SetMetricCard, rows: Sequence[SetStanding]) -> str:
    """Why nobody is ranked, or an empty string."""
    if len(rows) and (images := min(row.images for row in rows)) < FEW_IMAGES:
        return f"not ranked: {images} images, of at least {FEW_IMAGES}"
    if len(rows) and (vectors := min(row.vectors for row in rows)) < card.rank_from:
        return f"not ranked: {vectors:,} {card.vectors}, of at least {card.rank_from:,}"
    return ""
