"""Known sets of images: what each one is, and whether a folder holds it, by the hash of every image.

The hash of an image is that of its pixels, so that a PNG made of the published BMP is the same
image; that of a JPEG is of its bytes, for the pixels depend on the decoder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from harness.errors import HarnessError, InputError
from harness.formats import SUFFIXES

if TYPE_CHECKING:
    from harness.images import Image

Status = Literal["same", "not pinned", "missing", "extra", "different"]
BAD = ("missing", "extra", "different")
JPEG = (".jpg", ".jpeg")


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


@dataclass(frozen=True, slots=True)
class Finding:
    """What verifying found about one image; `message` says more where there is more to say."""

    path: str
    status: Status
    message: str = ""


def sets_folder() -> Path:
    """Where the known sets lie: `RESTOBENCH_DATA`, or `data` in the working folder, with `/sets`."""
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


def safe_path(folder: Path, relative: str) -> Path:
    """A path within a folder.

    Raises:
        InputError: It would lie outside of the folder, or is no image.
    """
    path = PurePosixPath(relative.replace("\\", "/"))
    inside = (folder / path).resolve().is_relative_to(folder.resolve())
    if (
        path.is_absolute()
        or ".." in path.parts
        or not inside
        or path.suffix.lower() not in SUFFIXES
    ):
        raise InputError(
            f"{relative!r} is no path of an image within {folder}; nothing was written there"
        )
    return folder / path


def verify(known: KnownSet, folder: Path) -> list[Finding]:
    """Compares a folder with a known set, image by image, by path without suffix.

    Args:
        known: The set.
        folder: The set's own folder.

    Returns:
        One finding an image, in the order of their paths.

    Raises:
        InputError: The folder does not exist.
    """
    if not folder.is_dir():
        raise InputError(f"folder {folder} does not exist; get {known.name} from: {known.source}")
    found = {_stem(path.relative_to(folder).as_posix()): path for path in _images(folder)}
    if not known.files:
        return _count(known, folder, found)
    wanted = {_stem(path): (path, sha256) for path, sha256 in known.files.items()}
    return [
        _compare(*wanted[stem], found.get(stem))
        if stem in wanted
        else Finding(_name(found[stem], folder), "extra")
        for stem in sorted({*wanted, *found})
    ]


def _compare(path: str, sha256: str | None, here: Path | None) -> Finding:
    if here is None:
        return Finding(path, "missing")
    if sha256 is None:
        return Finding(path, "not pinned", "its content is not checked")
    try:
        seen = hash_file(here)
    except HarnessError as error:
        return Finding(path, "different", str(error))
    if seen == sha256:
        return Finding(path, "same")
    return Finding(path, "different", f"SHA-256 {seen[:16]}..., expected {sha256[:16]}...")


def _count(known: KnownSet, folder: Path, found: Mapping[str, Path]) -> list[Finding]:
    """What can be said when only the number of images is known."""
    findings = [
        Finding(_name(path, folder), "not pinned", "its content is not checked")
        for path in sorted(found.values())
    ]
    for part in known.parts or ("",):
        here = sum(1 for stem in found if not part or stem.startswith(f"{part}/"))
        if here != known.images:
            status: Status = "missing" if here < known.images else "extra"
            where = f"{part}/" if part else "."
            findings.append(Finding(where, status, f"{here} images, expected {known.images}"))
    return findings


def _images(folder: Path) -> list[Path]:
    files = (
        path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file()
    )
    return [
        path
        for path in files
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _stem(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))
