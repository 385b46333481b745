"""What a comparison viewer shows.

The pixels as they are, a small detail of each picture, and one thumbnail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from harness.errors import ImageError
from harness.images import Image, check_image, read_image, to_rgb, to_uint8, write_image

SIDE = 96
"""Side of a detail in pixels of the restored image.

Divides by 2, 3, 4 and 8, so that degraded details line up.
"""

_STEP = 24
_THUMBNAIL = 320


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture to show.

    Attributes:
        kind: `degraded`, `restored` or `reference`; styles it.
        label: What it is called; unique within a viewer.
        path: Its file, or `None`.
        note: Why there is no file.
        caption: Its score, worded.
        link: A page about it, from the files folder.
    """

    kind: str
    label: str
    path: Path | None
    note: str = ""
    caption: str = ""
    link: str = ""


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
        thumbnail: The whole image, small, from the files folder; empty when no picture is readable.
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


def inside(folder: Path, relative: str) -> Path | None:
    """The path below `folder`, or `None` when it would lead out of it, through a link as well."""
    try:
        path = (folder / relative).resolve()
        return path if path.is_relative_to(folder.resolve()) else None
    except (OSError, ValueError, RuntimeError):
        return None


def write_pictures(sources: Sequence[PictureFile], files: Path, stem: str) -> Shown:
    """Writes what one viewer shows.

    Args:
        sources: The pictures, in the order to show; the window of the details is chosen among all
            but the degraded.
        files: The files folder of the report.
        stem: Names the files; letters, digits and hyphens only.

    Returns:
        What the templates show. Pictures that cannot be read have a note in place of a file.
    """
    loaded = [(source, *_load(source)) for source in sources]
    images = [(source.kind, image) for source, image, _ in loaded if image is not None]
    full = [image for kind, image in images if kind != "degraded"] or [image for _, image in images]
    window, frame = find_window(full), full[0].shape if full else (1, 0, 0)
    pictures = []
    for number, (item, image, note) in enumerate(loaded):
        file = detail = ""
        if image is not None and item.path is not None:
            file, detail = f"pixels/{stem}/{number}.png", f"details/{stem}/{number}.webp"
            _copy(item.path, image, files / file)
            _save(_crop(image, window, frame), files / detail)
        pictures.append(
            Picture(item.kind, item.label, item.path, note, item.caption, item.link, file, detail)
        )
    thumbnail = f"thumbnails/{stem}.webp" if full else ""
    if full:
        _save(full[-1], files / thumbnail, _THUMBNAIL)
    return Shown(tuple(pictures), (frame[2], frame[1]), thumbnail)


def _load(source: PictureFile) -> tuple[Image | None, str]:
    if source.path is None:
        return None, source.note
    try:
        if source.path.suffix != ".npy":
            return read_image(source.path), ""
        # mapped, not read: a header may claim more than the file holds
        return check_image(np.array(np.load(source.path, mmap_mode="r", allow_pickle=False))), ""
    except (ImageError, OSError, ValueError, EOFError) as error:
        return None, f"not readable: {type(error).__name__}"


def _copy(path: Path, image: Image, to: Path) -> None:
    """Puts the pixels where the pages find them: a PNG as it is, anything else as a PNG."""
    to.parent.mkdir(parents=True, exist_ok=True)
    content = path.read_bytes()
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        to.write_bytes(content)
    else:
        write_image(to, image)


def _save(image: Image, to: Path, most: int | None = None) -> None:
    """Writes a WebP: lossless, or small, of `most` pixels at most."""
    to.parent.mkdir(parents=True, exist_ok=True)
    picture = PillowImage.fromarray(to_uint8(to_rgb(image)))
    if most is None:
        picture.save(to, format="WEBP", lossless=True, quality=0, method=0)
    else:
        picture.thumbnail((most, most))
        picture.save(to, format="WEBP", quality=82, method=2)


def find_window(images: Sequence[Image]) -> tuple[int, int]:
    """Top left corner of the window where the images differ most from one another.

    Of a single one, where it has most detail.

    Args:
        images: Restored images and the reference; those of another size than the first are left
            out.
    """
    same = [image.mean(axis=0) for image in images if image.shape[1:] == images[0].shape[1:]]
    if not same:
        return 0, 0
    if len(same) > 1:
        interest = np.var(np.stack(same), axis=0, dtype=np.float64)
    else:
        slopes = np.abs(np.gradient(np.pad(same[0], ((0, 1), (0, 1)), mode="edge")))
        interest = slopes.sum(axis=0)[:-1, :-1]
    total = np.pad(interest, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    height, width = (min(SIDE, side) for side in interest.shape)
    upper, lower = total[:-height], total[height:]
    sums = lower[:, width:] - upper[:, width:] - lower[:, :-width] + upper[:, :-width]
    corners = sums[::_STEP, ::_STEP]
    top, left = np.unravel_index(int(np.argmax(corners)), corners.shape)
    return int(top) * _STEP, int(left) * _STEP


def _crop(image: Image, window: tuple[int, int], full: tuple[int, ...]) -> Image:
    """Cuts the window out of an image that may be smaller than the full one by some factor."""
    rows, columns = (image.shape[axis] / full[axis] for axis in (1, 2))
    top, left = int(window[0] * rows), int(window[1] * columns)
    bottom, right = top + max(1, round(SIDE * rows)), left + max(1, round(SIDE * columns))
    return image[:, top:bottom, left:right]
