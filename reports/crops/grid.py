"""What a crop figure shows."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from PIL import Image as PillowImage

from reports.html.choice import Key

MARK = "#e5352b"
"""The colour of the marked region: seen on foliage, skin and sky alike."""


class Region(NamedTuple):
    """A part of an image in its pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Crop:
    """One picture of the figure.

    Attributes:
        label: What stands below it.
        picture: All of it; a degraded one may be smaller than the frame.
        scores: Of each metric, worded; empty of what has none.
        best: Whether each is the best of the figure.
    """

    name: str
    label: str
    picture: PillowImage.Image
    scores: tuple[str, ...] = ()
    best: tuple[bool, ...] = ()

    def renamed(self, label: str) -> "Crop":
        """The same under another label."""
        return replace(self, label=label)


class Grid(NamedTuple):
    """What is drawn.

    Attributes:
        key: Set and image.
        region: Of every crop.
        frame: Width and height of the image.
        crops: In their order.
        metrics: Whose scores stand below, worded.
    """

    key: Key
    region: Region
    frame: tuple[int, int]
    crops: tuple[Crop, ...]
    metrics: tuple[str, ...]

    def crop(self, item: Crop, zoom: int, smooth: bool) -> PillowImage.Image:
        """The region of a picture, enlarged; of a smaller picture, the part that it covers."""
        left, top, width, height = self.region
        across, down = (own / side for own, side in zip(item.picture.size, self.frame, strict=True))
        box = left * across, top * down, (left + width) * across, (top + height) * down
        how = PillowImage.Resampling.BICUBIC if smooth else PillowImage.Resampling.NEAREST
        return item.picture.convert("RGB").resize((width * zoom, height * zoom), how, box=box)

    def whole(self) -> PillowImage.Image:
        """The picture that stands for the image: the reference, where there is one."""
        sharp = [item for item in self.crops if item.picture.size == self.frame]
        chosen = next((item for item in sharp if item.name == "reference"), sharp[-1])
        return chosen.picture.convert("RGB")
