"""Downloads a known set.

It resumes, checks every image, and writes nothing outside of the set's folder.
"""

import hashlib
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from harness.errors import ImageError, InputError, UnavailableError
from harness.formats import SUFFIXES
from harness.known_sets import BAD, KnownSet, compare, hash_file, safe_path
from harness.sets.transfer import transfer

# folder within the set's for what is not checked yet; a download that was cut off goes on from what
# lies there
STAGING = ".download"

# larger members of an archive are refused: a small archive can hold a file that fills the disk
MAX_IMAGE_BYTES = 1_000_000_000


def fetch(known: KnownSet, folder: Path, progress: Callable[[str], None] | None = None) -> int:
    """Downloads what is missing in a folder; images that are there and right are not fetched again.

    Args:
        known: The set.
        folder: The set's own folder; made when it does not exist.
        progress: Called with one line for each image that came, if given.

    Returns:
        How many images came.

    Raises:
        UnavailableError: No stable source is known, or it cannot be reached. What has come is kept.
        InputError: An image is not the one that the set pins, or would lie outside of the folder.
    """
    if not known.urls and not known.archive:
        raise UnavailableError(
            f"no stable source of {known.title} is known; get it by hand: {known.source}"
        )
    absent = [
        path for path, pin in known.files.items() if compare(safe_path(folder, path), pin)[0] in BAD
    ]
    if known.files and not absent:
        return 0
    staging = folder / STAGING
    staging.mkdir(parents=True, exist_ok=True)
    count = 0
    for came, path in _coming(known, absent, staging):
        _accept(came, path, known, folder)
        count += 1
        if progress:
            progress(f"{known.name}: {path}")
    if known.archive and not count:
        raise InputError(
            f"{known.archive} holds no image in {known.inside!r}; get the set by hand: "
            f"{known.source}"
        )
    shutil.rmtree(staging)
    return count


def _coming(known: KnownSet, absent: list[str], staging: Path) -> Iterator[tuple[Path, str]]:
    """Images one by one: where each lies for now, and its path within the set."""
    if not known.archive:
        yield from ((_download(known.urls[path], staging, path), path) for path in absent)
        return
    archive = _download(known.archive, staging, known.archive.rpartition("/")[2] or "archive")
    for path, size, content in _members(archive, known.inside):
        if not known.files or path in known.files:
            if size > MAX_IMAGE_BYTES:
                raise InputError(
                    f"{path} in the archive is larger than {MAX_IMAGE_BYTES:,} bytes; refused"
                )
            extracted = staging / f"member{PurePosixPath(path).suffix}"
            with extracted.open("wb") as file:
                shutil.copyfileobj(content, file)
            yield extracted, path


def _accept(came: Path, path: str, known: KnownSet, folder: Path) -> None:
    """Moves an image to its place when it is the right one; throws it away when it is not."""
    target, wanted = safe_path(folder, path), known.files.get(path)
    try:
        seen = hash_file(came)
    except ImageError as error:
        came.unlink()
        raise InputError(f"{known.name}: what came for {path} is no image: {error}") from error
    if wanted and compare(came, wanted)[0] != "same":
        came.unlink()
        raise InputError(
            f"{known.name}: {path} came with SHA-256 {seen[:16]}..., expected {wanted[:16]}...; it "
            f"was thrown away. Its source has changed; get the set by hand: {known.source}"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    came.replace(target)


def _download(url: str, staging: Path, path: str) -> Path:
    """The images themselves are checked: their hashes are of pixels, whatever the file's are."""
    target = staging / path.replace("/", "--")
    if not target.is_file():
        key = hashlib.sha256(url.encode()).hexdigest()[:16]
        transfer(url, staging / f"{key}.partial", target)
    return target


def _members(archive: Path, inside: str) -> Iterator[tuple[str, int, IO[bytes]]]:
    """The images of a zip or tar archive below a folder: path within it, bytes, content.

    Links and devices are left out. What is read never has more bytes than the archive says.
    """
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as bundle:
            for info in bundle.infolist():
                if not info.is_dir() and (path := _relative(info.filename, inside)):
                    with bundle.open(info) as file:
                        yield path, info.file_size, file
        return
    try:
        with tarfile.open(archive, "r:*") as bundle:
            for member in bundle:
                path = _relative(member.name, inside)
                content = bundle.extractfile(member) if path and member.isfile() else None
                if path and content:
                    yield path, member.size, content
    except tarfile.TarError as error:
        archive.unlink()
        raise InputError(
            f"{archive.name} is neither a zip nor a tar archive: {error}; it was thrown away"
        ) from error


def _relative(name: str, inside: str) -> str | None:
    """A member's path below a folder, or `None` when it is no image there.

    `..` is kept, and refused later.
    """
    prefix = f"{inside}/" if inside else ""
    name = name.removeprefix("./")
    if not name.startswith(prefix) or PurePosixPath(name).suffix.lower() not in SUFFIXES:
        return None
    return name.removeprefix(prefix)
