"""What the cache holds, and throwing it away: all of it is made again when it is asked for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.storage.kept_scores import KeptScores
from harness.storage.places import CACHES, cache_folder

# only what has a name of ours: somebody may have named a folder that holds other files as well
_OURS = {
    "images": re.compile(r"(pins/)?[0-9a-f]{2}/[0-9a-f]{64}\.(png|npy|json)"),
    "scores": re.compile(r"scores-\d+\.sqlite(-wal|-shm)?"),
    "cards": re.compile(r"[0-9a-f]{64}\.json"),
}


@dataclass(frozen=True, slots=True)
class Held:
    """What one part of the cache holds."""

    kind: str
    folder: Path
    files: int
    mib: float


def held() -> list[Held]:
    """What each part of the cache holds."""
    found = []
    for kind in CACHES:
        sizes = [path.stat().st_size for path in _files(kind)]
        found.append(Held(kind, cache_folder(kind), len(sizes), sum(sizes) / 2**20))
    return found


def clear() -> None:
    """Removes all of it, and folders that are empty afterwards.

    A run that is going on makes again what it misses.

    Raises:
        OSError: A file cannot be removed.
    """
    KeptScores().clear()  # other processes may have the file open: it is emptied, and stays
    for kind in ("images", "cards"):
        for path in list(_files(kind)):
            path.unlink(missing_ok=True)
        root = cache_folder(kind)
        folders = [*root.glob("??"), *root.glob("pins/??"), root / "pins"]
        for folder in sorted(folders, reverse=True):
            if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
                folder.rmdir()


def _files(kind: str) -> Iterator[Path]:
    root = cache_folder(kind)
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if _OURS[kind].fullmatch(name) and path.is_file() and not path.is_symlink():
            yield path
