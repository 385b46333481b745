"""Where images lie: those of a run in its folder, shared ones in the cache."""

import hashlib
import os
import re
import tempfile
from functools import lru_cache
from pathlib import Path

import platformdirs

from harness.errors import InputError, StoreError
from harness.results import Cell

FILENAME = "results.sqlite"
"""The store of a run, in its folder."""

CACHES = {
    "images": "IMAGE_CACHE", "scores": "SCORE_CACHE", "cards": "CARD_CACHE",
    "features": "FEATURE_CACHE",
}  # fmt: skip
"""What is kept for all runs, and the variable `RESTOBENCH_...` that names another folder for it.

All of it is made again when it is gone. Weights, which have to be fetched, lie beside it
(`harness.zoo`).
"""


def cache_folder(kind: str = "images") -> Path:
    """Where one of `CACHES` lies: a folder in `RESTOBENCH_CACHE` or in the user's cache."""
    root = os.environ.get("RESTOBENCH_CACHE")
    return _cache_folder(kind, os.environ.get(f"RESTOBENCH_{CACHES[kind]}"), root)


@lru_cache(maxsize=8)
def _cache_folder(kind: str, own: str | None, root: str | None) -> Path:
    return Path(own or Path(root or platformdirs.user_cache_dir("restobench"), kind))


def require_cache() -> None:
    """Makes the folder of images, without which every cell would fail.

    Raises:
        InputError: It cannot be made.
    """
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the cache of images {folder} cannot be made: {error.strerror or error}; "
            "RESTOBENCH_CACHE names another folder"
        ) from error


def make_folder(folder: Path) -> None:
    """Makes a folder that a user has named, if it is not there.

    Raises:
        InputError: It cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        is_other = folder.exists() and not folder.is_dir()
        why = "it is no folder" if is_other else error.strerror or error
        raise InputError(f"{folder} cannot be written: {why}") from error


def find_store(folder: Path, create: bool) -> Path:
    """The file of a run folder, which is made where there is none.

    Raises:
        StoreError: There is none, and it is not to be made; or something else is in its place.
        InputError: The folder cannot be written.
    """
    path = folder / FILENAME
    if not path.is_file():
        if not create:
            raise StoreError(
                f"{folder} is no run: it has no {FILENAME}; `restobench run --out {folder}` makes "
                "one"
            )
        if path.exists():  # SQLite would wait for a pipe's other end
            raise StoreError(f"{path} is in the way: it is no file; move it, or use --out")
        make_folder(folder)
    return path


@lru_cache(maxsize=512)
def safe_name(name: str) -> str:
    """Turns any name into one of a file or folder, which cannot lead out of its own.

    Different names stay different.
    """
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")[:80]
    mark = (
        ""
        if safe == name
        else f"-{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:8]}"
    )
    return safe + mark


def preview(set_name: str, image: str, kind: str) -> str:
    """A sample's PNG preview, relative to the run folder; `kind` is `degraded` or `reference`."""
    return f"images/{safe_name(set_name)}/{safe_name(image)}-{kind}.png"


MANY = 10_000
"""Images of a set from which on its restored ones lie in many folders: shared disks list large ones
slowly."""


def restored_stem(cell: Cell, *, many: bool = False) -> Path:
    """Path of a restored image without its suffix, relative to the run folder.

    Args:
        cell: Whose image it is.
        many: Whether its set has more than `MANY`.
    """
    folder = f"restored/{safe_name(cell.restorer)}/{safe_name(cell.set)}"
    within = f"{among_many(cell.image)}/" if many else ""
    return Path(f"{folder}/{within}{safe_name(cell.image)}")


def among_many(image: str) -> str:
    """The folder of an image, one of 256."""
    return hashlib.sha256(image.encode(errors="surrogatepass")).hexdigest()[:2]
