"""What a comparison viewer shows.

The pixels as they are, a small detail of each picture, and one thumbnail.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image as PillowImage

from harness.atomic import atomic_file
from harness.errors import ImageError
from reports.html.pixels import Kept, PictureFile, Pixels

SIDE = 96
"""Side of a detail in pixels of the restored image.

Divides by 2, 3, 4 and 8, so that degraded details line up.
"""

_STEP = 24
_THUMBNAIL = 320


@dataclass(frozen=True, slots=True)
class Picture(PictureFile):
    """A picture as written. Without a `file`, `note` says why.

    Attributes:
        file: Its pixels, lossless, from the files folder.
        detail: A window of `SIDE` pixels, where the pictures differ most; lossless.
    """

    file: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """The pictures of one viewer, and what it needs.

    Attributes:
        frame: Width and height of the largest picture; smaller ones are enlarged to it.
        thumbnail: The degraded image, small, or else the last picture; from the files folder, empty
            when no picture is readable.
    """

    pictures: tuple[Picture, ...]
    frame: tuple[int, int]
    thumbnail: str

    @property
    def readable(self) -> tuple[Picture, ...]:
        """Those that have pixels."""
        return tuple(picture for picture in self.pictures if picture.file)

    @property
    def files(self) -> list[str]:
        """All that was written, from the files folder."""
        written = [name for picture in self.readable for name in (picture.file, picture.detail)]
        return [*written, self.thumbnail] if written else []

    def restored(self, link: str) -> Picture | None:
        """The readable one of the restorer with the page `link`."""
        return next((p for p in self.readable if (p.kind, p.link) == ("restored", link)), None)


def write_pictures(sources: Sequence[PictureFile], pixels: Pixels) -> Shown:
    """Writes what one viewer shows, and nothing that is there already.

    Args:
        sources: The pictures, in the order to show; the window of the details is chosen among all
            but the degraded.
        pixels: The full-size pictures of the report.

    Returns:
        What the templates show. Pictures that cannot be read have a note in place of a file.
    """
    given = next((source for source in sources if source.kind == "degraded"), None)
    first = pixels.keep(given) if given else (None, "")
    found = [(it, *(first if it is given else pixels.keep(it, first[0]))) for it in sources]
    kept = [(source.kind, item) for source, item, _ in found if item is not None]
    full = [item for kind, item in kept if kind != "degraded"] or [item for _, item in kept]
    if not full:
        return Shown(tuple(_picture(source, note) for source, _, note in found), (0, 0), "")
    # a detail depends on every picture of its viewer: where they differ most
    view = hashlib.sha256(repr([(kind, item.stem) for kind, item in kept]).encode()).hexdigest()
    details = {item.stem: f"details/{view[:16]}-{item.stem}.webp" for _, item in kept}
    # what was asked of the restorers
    small = next((item for kind, item in kept if kind == "degraded"), full[-1])
    thumbnail = f"thumbnails/{small.stem}.webp"
    if not all(map(pixels.is_intact, (*details.values(), thumbnail))):
        try:
            _write_small([item for _, item in kept], full, details, small, pixels)
        except ImageError:  # in the report's own folder
            for _, item in kept:
                pixels.drop(item)
            return write_pictures(sources, pixels)
    with PillowImage.open(pixels.files / full[0].file) as opened:
        frame = opened.size
    pictures = tuple(
        _picture(source, note, item.file if item else "", details[item.stem] if item else "")
        for source, item, note in found
    )
    return Shown(pictures, frame, thumbnail)


def _picture(source: PictureFile, note: str, file: str = "", detail: str = "") -> Picture:
    return Picture(**{**asdict(source), "note": note}, file=file, detail=detail)


def _write_small(
    kept: Sequence[Kept],
    full: Sequence[Kept],
    details: Mapping[str, str],
    small: Kept,
    pixels: Pixels,
) -> None:
    """Writes the details of all pictures, and the thumbnail of one."""
    once = {item.stem: item for item in reversed(kept)}  # of equal ones the first, which was read
    decoded = {stem: pixels.decode(item) for stem, item in once.items()}
    shown = [decoded[stem] for stem in dict.fromkeys(item.stem for item in full)]
    window, frame = find_window(shown), shown[0].size
    for stem, picture in decoded.items():
        _save(_crop(picture, window, frame), pixels, details[stem])
    whole = decoded[small.stem].convert("RGB")
    # shrunk by a whole number first, and then by the rest
    whole.thumbnail((_THUMBNAIL, _THUMBNAIL), reducing_gap=1.5)
    _save(whole, pixels, f"thumbnails/{small.stem}.webp", quality=82)


def _save(picture: PillowImage.Image, pixels: Pixels, name: str, quality: int = 0) -> None:
    """Writes a WebP of a quality, or lossless."""
    to = pixels.files / name
    with atomic_file(to) as partial:
        picture.save(partial, format="WEBP", lossless=not quality, quality=quality, method=0)
    pixels.wrote(name)


def find_window(pictures: Sequence[PillowImage.Image]) -> tuple[int, int]:
    """Left and top of the window where pictures differ most from one another.

    Of a single one, where it has most detail.

    Args:
        pictures: Restored images and the reference; those of another size than the first are left
            out.
    """
    same = [picture for picture in pictures if picture.size == pictures[0].size]
    total, squares = np.zeros((2, *same[0].size[::-1]), np.int32)
    for picture in same:
        plane = np.asarray(picture.convert("L"), dtype=np.int32)
        total += plane
        squares += plane**2
    if len(same) > 1:
        # their variance, in whole numbers
        interest = len(same) * squares - total**2
    else:
        slopes = np.abs(np.gradient(np.pad(total, ((0, 1), (0, 1)), mode="edge")))
        interest = slopes.sum(axis=0)[:-1, :-1]
    sums = _window_sums(_window_sums(interest, 0), 1)
    top, left = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return int(left) * _STEP, int(top) * _STEP


def _window_sums(values: npt.NDArray[Any], axis: int) -> npt.NDArray[Any]:
    """Sums over `SIDE` values of an axis, or over all that there are, for every `_STEP`-th."""
    lines = np.moveaxis(values, axis, 0)
    blocks = len(lines) // _STEP
    if len(lines) < SIDE:
        sums = lines.sum(axis=0, keepdims=True)
    else:
        parts = lines[: blocks * _STEP].reshape(blocks, _STEP, -1).sum(axis=1)
        sums = sliding_window_view(parts, SIDE // _STEP, axis=0).sum(axis=-1)
    return np.moveaxis(sums, 0, axis)


def _crop(
    picture: PillowImage.Image, window: tuple[int, int], frame: tuple[int, int]
) -> PillowImage.Image:
    """Cuts the window out of a picture that may be smaller than the frame by some factor."""
    scales = [own / whole for own, whole in zip(picture.size, frame, strict=True)]
    left, top = (int(edge * scale) for edge, scale in zip(window, scales, strict=True))
    width, height = (max(1, round(SIDE * scale)) for scale in scales)
    box = left, top, min(left + width, picture.width), min(top + height, picture.height)
    return picture.crop(box)
