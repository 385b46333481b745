"""Known sets of images: what each one is, and whether a folder holds it.

Every image is known by the hash of its pixels, so that a PNG made of the published BMP is the same
image, and one with another name too. What is published as JPEG is known by its bytes as well: its
pixels depend a little on the decoder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
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
        files: Path within the set's folder -> SHA-256 as of `hash_file`, or `None` when not pinned.
            Empty: only the count is known.
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
    """What an image is known by: SHA-256 of its pixels; before it, of a JPEG, that of its bytes.

    Raises:
        ImageError: It is no image.
    """
    from harness.images import image_hash, read_image

    pixels = image_hash(read_image(path))
    return f"{_hash_bytes(path)} {pixels}" if _is_jpeg(path) else pixels


def is_pinned(path: Path, image: Image, pin: str) -> bool:
    """Whether an image that has been read, with `mode="auto"`, is the pinned one.

    Args:
        path: Its file.
        image: Its pixels; a grey picture may have three equal planes, and a pinned one as well.
        pin: As of `hash_file`.
    """
    return not _hashes(path, image).isdisjoint(pin.split())


def _hashes(path: Path, image: Image) -> set[str]:
    """Everything that an image may be pinned as."""
    from harness.images import image_hash, to_rgb

    found = {image_hash(image)}
    if image.shape[0] == 1:
        found.add(image_hash(to_rgb(image)))
    elif (image[0] == image[1]).all() and (image[0] == image[2]).all():
        found.add(image_hash(image[:1]))
    return found | ({_hash_bytes(path)} if _is_jpeg(path) else set())


def _is_jpeg(path: Path) -> bool:
    return path.suffix.lower() in JPEG


def _hash_bytes(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def compare(path: Path, sha256: str | None) -> tuple[Status, str]:
    """What is to be said of a file that should be the image with this hash."""
    if not path.is_file():
        return "missing", ""
    if sha256 is None:
        return "not pinned", UNCHECKED
    from harness.images import read_image

    try:
        found = _hashes(path, read_image(path))
    except ImageError as error:
        return "different", str(error)
    if not found.isdisjoint(sha256.split()):
        return "same", ""
    return "different", f"SHA-256 {min(found)[:16]}..., expected {sha256[:16]}..."


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
    said = {
        stem: Verification(path, *compare(folder / found.get(stem, path), known.files[path]))
        if (path := wanted.get(stem))
        else Verification(found[stem].as_posix(), "extra")
        for stem in {*wanted, *found}
    }
    _find_renamed(known, folder, wanted, found, said)
    return [said[stem] for stem in sorted(said)]


def _find_renamed(
    known: KnownSet,
    folder: Path,
    wanted: Mapping[str, str],
    found: Mapping[str, Path],
    said: dict[str, Verification],
) -> None:
    """Images under other names: whose pixels they have, they are."""
    lost = {
        sha256: stem
        for stem, path in wanted.items()
        if said[stem].status in ("missing", "different")
        for sha256 in (known.files[path] or "").split()
    }
    for stem in [stem for stem in found if lost and said[stem].status != "same"]:
        hashes = _readable_hashes(folder / found[stem])
        if (own := next((lost[sha256] for sha256 in hashes if sha256 in lost), None)) is None:
            continue
        if stem not in wanted:
            del said[stem]
        message = f"it lies here as {found[stem].as_posix()}"
        said[own] = Verification(wanted[own], "same", message)


def _readable_hashes(path: Path) -> set[str]:
    from harness.images import read_image

    try:
        return _hashes(path, read_image(path))
    except ImageError:
        return set()


def recognise(sets: Iterable[KnownSet], files: Iterable[Path]) -> dict[Path, list[tuple[str, str]]]:
    """Which known images files are, whatever they are called.

    Args:
        sets: Those that are looked through; of sets that are not pinned nothing is known.
        files: Images.

    Returns:
        File -> set and path in it, for each that has its pixels.
    """
    places: dict[str, list[tuple[str, str]]] = {}
    for known in sets:
        for path, pin in known.files.items():
            for sha256 in (pin or "").split():
                places.setdefault(sha256, []).append((known.name, path))
    found = {}
    for file in files:
        hits = (place for sha256 in _readable_hashes(file) for place in places.get(sha256, ()))
        found[file] = list(dict.fromkeys(hits))
    return found


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
