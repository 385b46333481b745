"""Known sets of images: what each one is, and whether a folder holds it.

Every image is known by its hash. It is that of its pixels, so that a PNG made of the published BMP
is the same image; that of a JPEG is of its bytes, for the pixels depend on the decoder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING, Literal

from harness.errors import ImageError, InputError
from harness.formats import SUFFIXES, image_files

if TYPE_CHECKING:
    from harness.images import Image

Status = Literal["same", "not pinned", "missing", "extra", "different"]
BAD = ("missing", "extra", "different")
JPEG = (".jpg", ".jpeg")
UNCHECKED = "its content is not checked"


@dataclass(frozen=True, slots=True)
class KnownSet:
    """A published set of images.

    Attributes:
        name: Kebab-case, unique; also its folder's name.
        images: How many references it has.
        licence: SPDX expression, or terms in words.
        paper: Who made it.
        source: Where to get it by hand.
        files: Path within the set's folder -> SHA-256, or `None` when not pinned. Empty: only the
            count is known.
        urls: Path -> where to download it; empty when no stable source is known.
        archive: An archive that holds the images, or an empty string.
        inside: The folder within the archive.
        parts: Folders that every image is in, such as `degraded` and `reference`; empty: the set's
            own.
    """

    name: str
    title: str
    images: int
    licence: str
    paper: str
    source: str
    files: Mapping[str, str | None] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)
    archive: str = ""
    inside: str = ""
    parts: tuple[str, ...] = ()

    @property
    def pinned(self) -> bool:
        """Whether the content of every image is known by its hash."""
        return bool(self.files) and all(self.files.values())

    def pins(self, part: str = "") -> dict[str, str]:
        """The pinned images of one of its folders: path without folder and suffix -> SHA-256."""
        files = ((PurePosixPath(path), sha256) for path, sha256 in self.files.items())
        folder = PurePosixPath(part)
        return {path.stem: known for path, known in files if known and path.parent == folder}


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying found about one image; `message` says more where there is more to say."""

    path: str
    status: Status
    message: str = ""


def sets_folder() -> Path:
    """Where the known sets lie: `RESTOBENCH_DATA` or `data` in the working folder, with `/sets`."""
    return Path(os.environ.get("RESTOBENCH_DATA", "data")) / "sets"


def hash_file(path: Path) -> str:
    """SHA-256 of an image: of its pixels, or of its bytes for a JPEG.

    Raises:
        ImageError: It is no image.
    """
    from harness.images import read_image

    return hash_image(path, read_image(path))


def hash_image(path: Path, image: Image) -> str:
    """The same for an image that has been read already, with `mode="auto"`."""
    from harness.images import image_hash

    return (
        hashlib.sha256(path.read_bytes()).hexdigest()
        if path.suffix.lower() in JPEG
        else image_hash(image)
    )


def compare(path: Path, sha256: str | None) -> tuple[Status, str]:
    """What is to be said of a file that should be the image with this hash."""
    if not path.is_file():
        return "missing", ""
    if sha256 is None:
        return "not pinned", UNCHECKED
    try:
        seen = hash_file(path)
    except ImageError as error:
        return "different", str(error)
    wrong = f"SHA-256 {seen[:16]}..., expected {sha256[:16]}..."
    return ("same", "") if seen == sha256 else ("different", wrong)


def safe_path(folder: Path, relative: str) -> Path:
    """A path within a folder.

    Raises:
        InputError: It would lie outside of the folder, or is no image.
    """
    path = PurePosixPath(relative.replace("\\", "/"))
    climbs = path.is_absolute() or ".." in path.parts
    inside = not climbs and (folder / path).resolve().is_relative_to(folder.resolve())
    if not inside or path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"{relative!r} is no path of an image within {folder}; nothing was written there"
        )
    return folder / path


def verify(known: KnownSet, folder: Path) -> list[Verification]:
    """Compares a folder with a known set, image by image, by path without suffix.

    Args:
        known: The set.
        folder: The set's own folder.

    Returns:
        One for each image, in the order of their paths.

    Raises:
        InputError: The folder does not exist.
    """
    if not folder.is_dir():
        raise InputError(f"folder {folder} does not exist; get {known.name} from: {known.source}")
    images = (path.relative_to(folder) for path in image_files(folder, deep=True))
    found = {_stem(path): path for path in images if "/." not in f"/{path.as_posix()}"}
    if not known.files:
        return _count(known, found)
    wanted = {_stem(PurePosixPath(path)): path for path in known.files}
    return [
        Verification(path, *compare(folder / found.get(stem, path), known.files[path]))
        if (path := wanted.get(stem))
        else Verification(found[stem].as_posix(), "extra")
        for stem in sorted({*wanted, *found})
    ]


def _stem(path: PurePath) -> str:
    return path.with_suffix("").as_posix()


def _count(known: KnownSet, found: Mapping[str, Path]) -> list[Verification]:
    """What can be said when only the number of images is known."""
    said = [
        Verification(path.as_posix(), "not pinned", UNCHECKED) for path in sorted(found.values())
    ]
    for part in known.parts or ("",):
        where = f"{part}/" if part else ""
        here = sum(stem.startswith(where) for stem in found)
        if here != known.images:
            status: Status = "missing" if here < known.images else "extra"
            said += [Verification(where or ".", status, f"{here} images, expected {known.images}")]
    return said
