"""The full-size pictures of a report: each once, named by its pixels, and linked where they lie."""

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from harness.atomic import FileMark, atomic_file, is_unchanged, mark_of
from harness.errors import ImageError
from harness.images import (
    MAX_PIXELS,
    Image,
    check_image,
    from_uint8,
    image_hash,
    read_image,
    to_uint8,
)
from harness.png import encode_png, read_png

WRITTEN = "written.json"
"""The note, in the files folder, of what was written there."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PNG, _PNG_END = b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND\xaeB`\x82"

_CHANGED = (
    "its file is not what the run wrote: delete it, resume the run, which makes it again, and "
    "report again"
)


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
        sha256: Hash of its pixels (`harness.images.image_hash`) by what the run says.
        exact: Whether the file has just these pixels, and can be held against the hash.
    """

    kind: str
    label: str
    path: Path | None
    note: str = ""
    caption: str = ""
    link: str = ""
    sha256: str = ""
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A full-size picture of the report.

    Attributes:
        stem: Its name, which stands for its pixels: 16 hex digits.
        decoded: It, where it had to be read.
    """

    stem: str
    decoded: PillowImage.Image | None = None

    @property
    def file(self) -> str:
        """Where it lies, from the files folder."""
        return f"pixels/{self.stem}.png"


class Pixels:
    """The full-size pictures of a report.

    Args:
        files: The files folder of the report. In the run's own report pictures are hard links to
            where they lie, which takes no room; elsewhere they are copies.
        run_folder: The run's.
    """

    def __init__(self, files: Path, run_folder: Path) -> None:
        self.files = files
        self._run = run_folder.resolve()
        self._link = files.resolve().is_relative_to(self._run / "report")
        self._marks = _read_marks(files)
        self._noted = bool(self._marks)

    def here(self, sha256: str) -> Path | None:
        """The picture of these pixels that this report has already."""
        name = Kept(_stem(sha256)).file
        return self.files / name if self.is_intact(name) else None

    def earlier(self, sha256: str) -> Path | None:
        """That of the report in the run folder."""
        if self._link:
            return self.here(sha256)
        path = Pixels(self._run / "report" / "site", self._run).here(sha256)
        return path if path and path.resolve().is_relative_to(self._run) else None

    def is_intact(self, name: str) -> bool:
        """Whether a file of the report is there as it was written.

        In the folder of an earlier version, which noted nothing: whether it is all there.
        """
        path, mark = self.files / name, self._marks.get(name)
        if mark is None:
            return not self._noted and is_whole(path)
        return is_unchanged(path, mark)

    def wrote(self, name: str) -> None:
        """Is told of a file that was written now."""
        self._marks[name] = mark_of(self.files / name)

    def note(self, names: Iterable[str]) -> None:
        """Notes what files of the report hold now, for the next one that is written here."""
        marks = {name: self._marks.get(name) or mark_of(self.files / name) for name in names}
        with atomic_file(self.files / WRITTEN) as partial:
            partial.write_text(json.dumps(marks), encoding="utf-8")

    def keep(self, source: PictureFile, twin: Kept | None = None) -> tuple[Kept | None, str]:
        """Has a picture in the report: what is there already is neither read nor written.

        Args:
            source: The picture.
            twin: One that stands for it as well if it looks the same: a degraded image, named by
                the values that restorers were given, which may be finer than those of its file.

        Returns:
            The picture, or why there is none.
        """
        if source.path is None:
            return None, source.note
        try:
            if source.path.exists() and not source.path.is_file():  # a pipe would be waited for
                raise ImageError(f"{source.path} is no file")
            stem = _stem(source.sha256) or hashlib.sha256(source.path.read_bytes()).hexdigest()[:16]
            if self.is_intact(Kept(stem).file):
                return Kept(stem), ""
            kept = Kept(stem, decode(source.path))
            changed = _is_changed(source, kept.decoded)
        except (ImageError, OSError) as error:
            return None, f"not readable: {type(error).__name__}"
        if changed:
            return None, _CHANGED
        if twin and self._alike(kept, twin):
            return twin, ""
        self._place(source.path, kept)
        return kept, ""

    def decode(self, kept: Kept) -> PillowImage.Image:
        """Its pixels.

        Raises:
            ImageError: It was damaged since an earlier report wrote it.
        """
        return kept.decoded or decode(self.files / kept.file)

    def drop(self, kept: Kept) -> None:
        """Removes a picture, so that it is written anew."""
        (self.files / kept.file).unlink(missing_ok=True)

    def _alike(self, one: Kept, other: Kept) -> bool:
        try:
            return np.array_equal(_values(self.decode(one)), _values(self.decode(other)))
        except ImageError:  # damaged: it is written anew where it is shown
            return False

    def _place(self, path: Path, kept: Kept) -> None:
        """Puts it where the pages find it: a PNG as it is, anything else as a PNG."""
        to = self.files / kept.file
        with path.open("rb") as file:
            is_png = file.read(len(_PNG)) == _PNG
        with atomic_file(to) as partial:
            if not is_png and kept.decoded:
                partial.write_bytes(encode_png(_values(kept.decoded)))
            elif not self._link or not _link(path, partial):
                partial.write_bytes(path.read_bytes())
        self.wrote(kept.file)


def _read_marks(files: Path) -> dict[str, FileMark]:
    """What the report that was written here last has noted; nothing of anybody else's making."""
    try:
        path = files / WRITTEN
        noted = json.loads(path.read_bytes()) if path.is_file() else {}
        marks = {str(name): (*map(int, mark[:3]), str(mark[3])) for name, mark in noted.items()}
    except (OSError, ValueError, TypeError, AttributeError, LookupError):
        return {}
    return cast("dict[str, FileMark]", marks)


def _stem(sha256: str) -> str:
    return sha256[:16] if _SHA256.fullmatch(sha256) else ""


def _link(path: Path, to: Path) -> bool:
    try:
        os.link(path, to)
    except OSError:  # another file system, or one without links
        return False
    return True


def _is_changed(source: PictureFile, picture: PillowImage.Image | None) -> bool:
    """Whether a file that was read has other pixels than the run says."""
    if not source.exact or not source.path or not _stem(source.sha256):
        return False
    if source.path.suffix == ".npy":
        return image_hash(read_array(source.path)) != source.sha256
    return picture is None or image_hash(from_uint8(_values(picture))) != source.sha256


def _values(picture: PillowImage.Image) -> npt.NDArray[np.uint8]:
    return np.atleast_3d(np.asarray(picture))


def is_whole(path: Path) -> bool:
    """Whether a PNG or WebP is all there, and no link: by its ends, without decoding it."""
    try:
        if path.is_symlink() or not path.is_file():
            return False
        with path.open("rb") as file:
            head, size = file.read(12), os.fstat(file.fileno()).st_size
            if head[:4] == b"RIFF":
                return size == int.from_bytes(head[4:8], "little") + 8
            file.seek(-len(_PNG_END), os.SEEK_END)
            return head.startswith(_PNG) and file.read() == _PNG_END
    except OSError:
        return False


def decode(path: Path) -> PillowImage.Image:
    """Reads a picture as 8 bits, RGB or grey.

    Args:
        path: An image file, or `.npy` with an `Image`.

    Raises:
        ImageError: It cannot be read.
    """
    if path.suffix == ".npy":
        return _picture(to_uint8(read_array(path)))
    try:
        # what a run writes needs no floats in between
        if (pixels := read_png(path, MAX_PIXELS)) is not None:
            return _picture(pixels)
        with PillowImage.open(path, formats=("PNG",)) as file:
            if file.mode in ("L", "RGB") and file.width * file.height <= MAX_PIXELS // 2:
                file.load()
                if "exif" not in file.info:
                    return file
    # Pillow's decoders raise many types; `read_image` makes one of them
    except Exception:  # noqa: S110
        pass
    return _picture(to_uint8(read_image(path)))


def read_array(path: Path) -> Image:
    """Reads an `Image` out of `.npy`.

    Raises:
        ImageError: It cannot be read, or is none.
    """
    try:
        # mapped, not read: a header may claim more than the file holds
        return check_image(np.array(np.load(path, mmap_mode="r", allow_pickle=False)))
    except (OSError, ValueError, EOFError) as error:
        raise ImageError(f"{path} cannot be read: {error}") from error


def _picture(pixels: npt.NDArray[np.uint8]) -> PillowImage.Image:
    return PillowImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
