"""The scores of the images that have a page, and of each set by its first metric; found in one pass over the run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from harness.results import RunData, Score

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores, by what pages ask for.

    Attributes:
        images: (set, image) -> (restorer, metric) -> score.
        sets: set -> restorer -> all values of the set's first metric.
    """

    images: Mapping[Key, Mapping[Key, Score]]
    sets: Mapping[str, Mapping[str, list[float]]]


def collect(data: RunData, images: Collection[Key], main: Mapping[str, str]) -> Scores:
    """Goes through the scores once.

    Args:
        data: The run.
        images: The images that get a page.
        main: Each set's first metric.
    """
    of_images: dict[Key, dict[Key, Score]] = {key: {} for key in images}
    of_sets: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for score in data.scores:
        cell = score.cell
        found = of_images.get((cell.set, cell.image))
        if found is not None:
            found[cell.restorer, score.metric] = score
        if main.get(cell.set) == score.metric:
            of_sets[cell.set][cell.restorer].append(score.value)
    return Scores(of_images, of_sets)
