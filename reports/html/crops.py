"""Detail crops for the gallery: the same small window of degraded, restored and reference images, lossless."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ImageError
from harness.protocols import ReportData
from harness.results import Cell

if TYPE_CHECKING:
    from harness.images import Image

SIDE = 96
"""Side of a crop in pixels of the restored image; divides by 2, 3, 4 and 8, so that degraded crops line up."""

MOST_IMAGES = 60
"""Images of a set in the gallery; of a larger set, so many evenly spaced."""

_STEP = 24


@dataclass(frozen=True, slots=True)
class Picture:
    """One crop; without a `file`, `note` says why.

    Attributes:
        kind: `degraded`, `restored` or `reference`.
        file: The crop's own name inside the crops folder; never made of a name that came with the run.
    """

    kind: str
    label: str
    file: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The crops of one image, degraded first, reference last."""

    image: str
    pictures: tuple[Picture, ...]


def inside(folder: Path, relative: str) -> Path | None:
    """The path below `folder`, or `None` when it would lead out of it, through a link as well."""
    try:
        path = (folder / relative).resolve()
        return path if path.is_relative_to(folder.resolve()) else None
    except (OSError, ValueError, RuntimeError):
        return None


def make_gallery(report: ReportData, order: Iterable[tuple[str, Sequence[str]]], crops: Path) -> dict[str, list[Row]]:
    """Cuts and writes the crops of a run.

    Args:
        report: The run.
        order: Sets, each with its restorers in the order to show.
        crops: Folder for the PNG files; exists.

    Returns:
        Rows by set, for the sets that have images.
    """
    files = {record.cell: record.restored for record in report.data.cells}
    reasons = {f.cell: f"failed: {f.kind}" for f in report.data.failures if f.metric is None}
    gallery: dict[str, list[Row]] = {}
    for place, (name, restorers) in enumerate(order):
        for index, image in enumerate(_choose([i for s, i in report.data.samples if s == name])):
            sample = report.data.samples[name, image]
            sources = [("degraded", "degraded", sample.get("degraded"), "no preview")]
            for restorer in restorers:
                cell = Cell(restorer, name, image)
                sources.append(("restored", restorer, files.get(cell), reasons.get(cell, "not run")))
            if sample.get("reference"):
                sources.append(("reference", "reference", sample["reference"], ""))
            pictures = _cut(report.run_folder, sources, crops, f"set{place}-image{index}")
            gallery.setdefault(name, []).append(Row(image, tuple(pictures)))
    return gallery


def _choose(images: list[str]) -> list[str]:
    images = sorted(images)
    if len(images) <= MOST_IMAGES:
        return images
    return [images[index * len(images) // MOST_IMAGES] for index in range(MOST_IMAGES)]


def _cut(
    folder: Path, sources: Sequence[tuple[str, str, str | None, str]], crops: Path, stem: str
) -> Iterable[Picture]:
    from PIL import Image as PillowImage

    from harness.images import to_uint8

    loaded = [_load(folder, relative, note) for _, _, relative, note in sources]
    full = [
        image
        for (kind, *_), (image, _) in zip(sources, loaded, strict=True)
        if kind != "degraded" and image is not None
    ]
    window = find_window(full)
    for number, ((kind, label, _, _), (image, note)) in enumerate(zip(sources, loaded, strict=True)):
        if image is None:
            yield Picture(kind, label, None, note)
            continue
        pixels = to_uint8(_crop(image, window, full[0].shape if full else image.shape))
        file = f"{stem}-{number}.png"
        PillowImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(crops / file, format="PNG")
        yield Picture(kind, label, file)


def _load(folder: Path, relative: str | None, note: str) -> tuple[Image | None, str]:
    import numpy as np

    from harness.images import check_image, read_image

    if not relative:
        return None, note
    path = inside(folder, relative)
    if path is None:
        return None, "refused: the path leads out of the run"
    try:
        if path.suffix != ".npy":
            return read_image(path), ""
        # mapped, not read: a header may claim more than the file holds
        return check_image(np.array(np.load(path, mmap_mode="r", allow_pickle=False))), ""
    except (ImageError, OSError, ValueError, EOFError) as error:
        return None, f"not readable: {type(error).__name__}"


def find_window(images: Sequence[Image]) -> tuple[int, int]:
    """Top left corner of the window where the images differ most from one another, or else has most detail.

    Args:
        images: Restored images and the reference; those of another size than the first are left out.
    """
    import numpy as np

    same = [image.mean(axis=0) for image in images if image.shape[1:] == images[0].shape[1:]]
    if not same:
        return 0, 0
    if len(same) > 1:
        interest = np.var(np.stack(same), axis=0, dtype=np.float64)
    else:
        interest = np.abs(np.gradient(np.pad(same[0], ((0, 1), (0, 1)), mode="edge"))).sum(axis=0)[:-1, :-1]
    total = np.pad(interest, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    height, width = (min(SIDE, side) for side in interest.shape)
    sums = (total[height:, width:] - total[:-height, width:] - total[height:, :-width] + total[:-height, :-width])[
        ::_STEP, ::_STEP
    ]
    top, left = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return int(top) * _STEP, int(left) * _STEP


def _crop(image: Image, window: tuple[int, int], full: tuple[int, ...]) -> Image:
    """Cuts the window out of an image that is smaller than the full one by some factor, or equal to it."""
    rows, columns = (image.shape[axis] / full[axis] for axis in (1, 2))
    top, left = int(window[0] * rows), int(window[1] * columns)
    return image[:, top : top + max(1, round(SIDE * rows)), left : left + max(1, round(SIDE * columns))]
