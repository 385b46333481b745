"""Where the pictures lie that pages may show, and how large their files are."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Literal

from harness.protocols.report import ReportData
from harness.results import Cell, SampleRecord
from reports.html.choice import Key
from reports.html.pixels import PictureFile, Pixels

_NOT_HERE = (
    "not on this machine: resume the run here, which makes it again, or open the report that was "
    "written where it ran"
)


def inside(folder: Path, relative: str) -> Path | None:
    """The path below `folder`, or `None` when it would lead out of it, through a link as well."""
    try:
        path = (folder / relative).resolve()
        return path if path.is_relative_to(folder.resolve()) else None
    except (OSError, ValueError, RuntimeError):
        return None


class Sources:
    """The pictures of some images, each looked up when it is asked for.

    Args:
        report: The run.
        pixels: The pictures of the report itself.
        images: (set, image) of those that may be shown.
    """

    def __init__(self, report: ReportData, pixels: Pixels, images: Collection[Key]) -> None:
        self._report, self._pixels = report, pixels
        self._restored = {
            item.cell: item
            for item in report.data.restored
            if (item.cell.set, item.cell.image) in images
        }

    def samples(self, key: Key) -> tuple[PictureFile, PictureFile | None]:
        """The degraded image, and the reference where the set has references."""
        sample = self._report.data.samples.get(key, SampleRecord())
        degraded = self._sample(key, "degraded", sample.degraded_sha256)
        if sample.reference_sha256 is None:
            return degraded, None
        return degraded, self._sample(key, "reference", sample.reference_sha256)

    def _sample(self, key: Key, kind: Literal["degraded", "reference"], sha256: str) -> PictureFile:
        path, exact, find = self._pixels.here(sha256), False, self._report.find_image
        if path is None and find is not None and (found := find(*key, kind)) is not None:
            path, exact = found
        path = path or self._pixels.earlier(sha256)
        note = "" if path else _NOT_HERE
        return PictureFile(kind, kind, path, note, sha256=sha256, exact=exact)

    def restored(
        self, cell: Cell, label: str, note: str, caption: str = "", link: str = ""
    ) -> PictureFile:
        """A restored image; `note` says why there is none where there is none."""
        item = self._restored.get(cell)
        if item is None:
            return PictureFile("restored", label, None, note, caption, link)
        path = inside(self._report.run_folder, item.path)
        refused = "" if path else "refused: the path leads out of the run"
        return PictureFile("restored", label, path, refused, caption, link, item.sha256, exact=True)

    def bytes_of(self, key: Key, restorers: Iterable[str]) -> int:
        """About how much the pictures of an image will take."""
        restored = (self.restored(Cell(name, *key), name, "") for name in restorers)
        files = {item.path for item in (*self.samples(key), *restored) if item and item.path}
        return sum(map(_size, files))


def _size(path: Path) -> int:
    try:
        size = path.stat().st_size
    except OSError:
        return 0
    # four bytes a value, which becomes one
    return size // 4 if path.suffix == ".npy" else size
