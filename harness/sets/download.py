"""Downloads a known set with pooch: resumes, checks every image, and writes nothing outside of the set's folder."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from harness.errors import ImageError, InputError, UnavailableError
from harness.formats import SUFFIXES
from harness.known_sets import KnownSet, hash_file, safe_path

STAGING = ".download"
"""Folder within the set's for what is not checked yet; a download that was cut off goes on from what lies there."""

MAX_IMAGE_BYTES = 1_000_000_000
"""Larger members of an archive are refused: a small archive can hold a file that fills the disk."""

SECONDS = 60.0
CHUNK = 1 << 16

Progress = Callable[[str], None]


def fetch(known: KnownSet, folder: Path, progress: Progress | None = None) -> int:
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
        path for path in known.files if not _is_right(safe_path(folder, path), known.files[path])
    ]
    if known.files and not absent:
        return 0
    staging = folder / STAGING
    staging.mkdir(parents=True, exist_ok=True)
    came = (
        _from_archive(known, folder, staging)
        if known.archive
        else _from_urls(known, folder, staging, absent)
    )
    count = 0
    for path in came:
        count += 1
        if progress:
            progress(f"{known.name}: {path}")
    shutil.rmtree(staging)
    return count


def _from_urls(known: KnownSet, folder: Path, staging: Path, paths: list[str]) -> Iterator[str]:
    for path in paths:
        name = path.replace("/", "--")
        _accept(_download(known.urls[path], staging, name), path, known, folder)
        yield path


def _from_archive(known: KnownSet, folder: Path, staging: Path) -> Iterator[str]:
    archive = _download(known.archive, staging, known.archive.rpartition("/")[2] or "archive")
    members = 0
    for path, content in _members(archive, known.inside):
        if known.files and path not in known.files:
            continue
        safe_path(folder, path)  # before anything is written
        extracted = staging / f"member{PurePosixPath(path).suffix}"
        with extracted.open("wb") as file:
            _copy(content, file, path)
        _accept(extracted, path, known, folder)
        members += 1
        yield path
    if not members:
        raise InputError(
            f"{known.archive} holds no image in {known.inside!r}; get the set by hand: "
            f"{known.source}"
        )


def _accept(came: Path, path: str, known: KnownSet, folder: Path) -> None:
    """Moves an image to its place when it is the right one; throws it away when it is not."""
    wanted = known.files.get(path)
    try:
        seen = hash_file(came)
    except ImageError as error:
        came.unlink()
        raise InputError(f"{known.name}: what came for {path} is no image: {error}") from error
    if wanted and seen != wanted:
        came.unlink()
        raise InputError(
            f"{known.name}: {path} came with SHA-256 {seen[:16]}..., expected {wanted[:16]}...; it "
            f"was thrown away. Its source has changed; get the set by hand: {known.source}"
        )
    target = safe_path(folder, path)
    target.parent.mkdir(parents=True, exist_ok=True)
    came.replace(target)


def _is_right(path: Path, wanted: str | None) -> bool:
    if not path.is_file():
        return False
    try:
        return wanted is None or hash_file(path) == wanted
    except ImageError:
        return False


def _download(url: str, staging: Path, name: str) -> Path:
    import pooch

    if not url.startswith(("https://", "http://")):
        raise InputError(
            f"{url} is no address that anything is downloaded from; expected https://..."
        )
    pooch.get_logger().setLevel("WARNING")
    try:
        # the images themselves are checked: their hashes are of pixels, and survive another
        # compression of the file
        return Path(
            pooch.retrieve(url, known_hash=None, fname=name, path=staging, downloader=_resume)
        )
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise UnavailableError(
            f"{url} cannot be downloaded: {error}; the same command goes on from there"
        ) from error


def _resume(url: str, output_file: str, _pooch: Any) -> None:
    """A downloader for pooch that goes on where a download was cut off, if the server can."""
    # pooch deletes its own temporary file when a download breaks off; this one stays
    partial = Path(output_file).with_name(
        f"{hashlib.sha256(url.encode()).hexdigest()[:16]}.partial"
    )
    have = partial.stat().st_size if partial.is_file() else 0
    with _open(url, have, partial) as response:
        with partial.open("ab" if response.status == 206 else "wb") as file:
            while chunk := response.read(CHUNK):
                file.write(chunk)
        total = response.headers.get("Content-Range", "").rpartition("/")[
            2
        ] or response.headers.get("Content-Length")
    if total and total.isdigit() and partial.stat().st_size < int(total):
        raise OSError(f"the connection broke off after {partial.stat().st_size} of {total} bytes")
    shutil.move(partial, output_file)


@contextmanager
def _open(url: str, have: int, partial: Path) -> Iterator[Any]:
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - checked
    try:
        response = urllib.request.urlopen(request, timeout=SECONDS)  # noqa: S310 - _download lets only http(s) in
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:
            raise
        # the server has nothing beyond what is here, which is not its beginning then
        partial.unlink()
        response = urllib.request.urlopen(url, timeout=SECONDS)  # noqa: S310
    with response:
        yield response


def _members(archive: Path, inside: str) -> Iterator[tuple[str, IO[bytes]]]:
    """The images of a zip or tar archive below a folder: path within it, content. Links and devices are left out."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as bundle:
            for info in bundle.infolist():
                path = _relative(info.filename, inside)
                if path and not info.is_dir():
                    with bundle.open(info) as file:
                        yield path, file
        return
    try:
        with tarfile.open(archive, "r:*") as bundle:
            for member in bundle:
                path = _relative(member.name, inside)
                content = bundle.extractfile(member) if path and member.isfile() else None
                if path and content:
                    yield path, content
    except tarfile.TarError as error:
        archive.unlink()
        raise InputError(
            f"{archive.name} is neither a zip nor a tar archive: {error}; it was thrown away"
        ) from error


def _relative(name: str, inside: str) -> str | None:
    """A member's path below a folder, or `None` when it is no image there; `..` is kept, and refused later."""
    prefix = f"{inside}/" if inside else ""
    name = name.removeprefix("./")
    if not name.startswith(prefix) or PurePosixPath(name).suffix.lower() not in SUFFIXES:
        return None
    return name.removeprefix(prefix)


def _copy(source: IO[bytes], target: IO[bytes], path: str) -> None:
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > MAX_IMAGE_BYTES:
            raise InputError(
                f"{path} in the archive is larger than {MAX_IMAGE_BYTES:,} bytes; refused"
            )
        target.write(chunk)
