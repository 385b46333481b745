"""Where images lie: those of a run in its folder, shared ones in the cache."""

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path

import platformdirs

from harness.results import Cell


def cache_folder() -> Path:
    """Where shared images lie.

    `RESTOBENCH_IMAGE_CACHE`, or `images` in `RESTOBENCH_CACHE` or in the user's cache.
    """
    images, root = (os.environ.get(f"RESTOBENCH_{name}") for name in ("IMAGE_CACHE", "CACHE"))
    return _cache_folder(images, root)


@lru_cache(maxsize=8)
def _cache_folder(images: str | None, root: str | None) -> Path:
    return Path(images or Path(root or platformdirs.user_cache_dir("restobench"), "images"))


def safe_name(name: str) -> str:
    """Turns any name into one of a file or folder, which cannot lead out of its own.

    Different names stay different.
    """
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")[:80]
    mark = "" if safe == name else f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return safe + mark


def preview(set_name: str, image: str, kind: str) -> str:
    """A sample's PNG preview, relative to the run folder; `kind` is `degraded` or `reference`."""
    return f"images/{safe_name(set_name)}/{safe_name(image)}-{kind}.png"


def restored_stem(cell: Cell) -> Path:
    """Path of a restored image without its suffix, relative to the run folder."""
    return Path("restored") / safe_name(cell.restorer) / safe_name(cell.set) / safe_name(cell.image)
