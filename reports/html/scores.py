"""The scores of the images that have a page, and of each set by its first metric.

Picked out of the columns.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from harness.results import RunData, Score
from harness.results.columns import ScoreColumns, as_columns
from reports.figures.distributions import images_of_set
from reports.html.choice import Key


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores, by what pages ask for.

    Attributes:
        images: (set, image) -> (restorer, metric) -> score.
        sets: set -> restorer -> all values of the set's first metric, each with its image.
    """

    images: Mapping[Key, Mapping[Key, Score]]
    sets: Mapping[str, Mapping[str, list[tuple[float, str]]]]


def collect(data: RunData, images: Collection[Key], main: Mapping[str, str]) -> Scores:
    """Picks out what the pages need, without making an object of every score of a large run.

    Args:
        data: The run.
        images: The images that get a page.
        main: Each set's first metric.
    """
    scores = as_columns(data.scores)
    return Scores(
        _of_images(scores, images),
        {name: images_of_set(scores, name, metric) for name, metric in main.items()},
    )


def _of_images(scores: ScoreColumns, images: Collection[Key]) -> dict[Key, dict[Key, Score]]:
    _, sets, names, _ = scores.names
    set_codes, image_codes = (
        {name: code for code, name in enumerate(known)} for known in (sets, names)
    )
    wanted = [
        set_codes[name] * len(names) + image_codes[image]
        for name, image in images
        if name in set_codes and image in image_codes
    ]
    keys = scores.codes[1].astype(np.int64) * len(names) + scores.codes[2]
    found: dict[Key, dict[Key, Score]] = {key: {} for key in images}
    for place in np.flatnonzero(np.isin(keys, wanted)).tolist():
        score = scores[place]
        found[score.cell.set, score.cell.image][score.cell.restorer, score.metric] = score
    return found
