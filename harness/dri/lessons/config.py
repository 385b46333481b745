"""What a training run is told of a set of opinions."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import InputError

Say = Callable[[str], None]
_NAME = re.compile("[a-z0-9][a-z0-9_-]*")  # files of a run are called so


@dataclass(frozen=True, slots=True)
class OpinionConfig:
    """A set of images that people judged.

    Attributes:
        name: Of the set.
        folder: MOS folder with `labels.csv`, or a folder with `pairs.csv` alone; absolute, or
            relative to the data folder.
        low: Score of the worst image there can be, on the set's own scale; not for votes.
        high: Score of the best one.
        noise: Standard deviation of a score, on the set's own scale; 0 where it is not known.
            Smaller differences order nothing, and a noisy set pulls less.
        weight: Rows of a batch, in proportion to those of the other sets; a set of weight 0 is
            judged by, and never learnt from.
        crop: Pixels a side that are left of an image, around its centre; 0: all of it.
        tile: Larger images are cut into equal parts of at most this side, as the metric does; each
            has the image's score.
        limit: At most so many images, taken evenly from the list; 0: all of them.
        views: How many of the ways to show an image are kept: 1, 2 or 4.
    """

    name: str
    folder: str
    low: float = 0.0
    high: float = 100.0
    noise: float = 0.0
    weight: float = 1.0
    crop: int = 0
    tile: int = 768
    limit: int = 0
    views: int = 4

    def __post_init__(self) -> None:
        """Refuses numbers that make no sense."""
        if not _NAME.fullmatch(self.name) or self.name == "versions":
            raise InputError(
                f"a set of opinions cannot be called {self.name!r}: expected lower-case letters, "
                "digits, hyphens and underscores, and not versions"
            )
        wrong = {
            "low": self.low >= self.high,
            "noise": self.noise < 0,
            "weight": self.weight < 0,
            "crop": self.crop < 0,
            "limit": self.limit < 0,
            "tile": self.tile < 64,
            "views": self.views not in (1, 2, 4),
        }
        for key in (key for key, is_wrong in wrong.items() if is_wrong):
            raise InputError(
                f"opinions {self.name!r}: {key} = {getattr(self, key):g} is out of range "
                "(low < high, noise, weight, crop and limit >= 0, tile >= 64, views 1, 2 or 4)"
            )

    @property
    def relative_noise(self) -> float:
        """Noise where `low` is 0 and `high` is 1."""
        return self.noise / (self.high - self.low)
