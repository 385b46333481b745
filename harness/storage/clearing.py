"""Throwing away what the cache holds, or a run, and nothing else that lies there.

What the cache holds is made again when it is asked for.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError, InputError
from harness.storage.kept_scores import KeptScores
from harness.storage.places import CACHES, cache_folder, safe_name
from harness.storage.store import FILENAME, load_run

# only what has a name of ours: somebody may have named a folder that holds other files as well
_LEFT = r"(?:\.\d+-\d+\.partial)?"  # by a process that was killed while it wrote (`atomic_file`)
_OURS = {
    "images": re.compile(rf"(pins/)?[0-9a-f]{{2}}/\.?[0-9a-f]{{64}}\.(png|npy|json){_LEFT}"),
    "scores": re.compile(r"scores-\d+\.sqlite(-wal|-shm)?"),
    "cards": re.compile(rf"\.?[0-9a-f]{{64}}\.json{_LEFT}"),
    "features": re.compile(rf"\.?[0-9a-f]{{64}}\.npz{_LEFT}"),
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
    for kind in ("images", "cards", "features"):
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


_OF_A_RUN = {
    "report": ("index.html", "site"),
    "jobs": ("parts", "slurm", "token", "plan.json"),
}
_PREVIEW = re.compile(r".*-(degraded|reference)\.png")


def throw_away(folder: Path) -> None:
    """Removes what a run has written: nobody knows what else was put into its folder.

    Restored images of a store that cannot be read stay: they are written over, or never looked at.

    Raises:
        InputError: The folder holds files and no run.
    """
    if not (folder / FILENAME).is_file() and any(folder.iterdir()):
        raise InputError(f"--fresh: {folder} holds no run (no {FILENAME}); it is left as it is")
    for path in list(_written(folder)):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for place in ("restored", *_OF_A_RUN):
        with suppress(OSError):  # it holds something else, or was never there
            (folder / place).rmdir()


def _written(folder: Path) -> Iterator[Path]:
    # what SQLite puts beside it too; `results.sqlite.bak` is a copy that somebody wanted to keep
    yield from (folder / f"{FILENAME}{end}" for end in ("", "-wal", "-shm", "-journal"))
    yield from (folder / place / name for place, names in _OF_A_RUN.items() for name in names)
    # pictures of versions before images were kept by content
    previews = folder.glob("images/*/*.png")
    yield from (path for path in previews if _PREVIEW.fullmatch(path.name))
    with suppress(HarnessError):
        names = load_run(folder).run.restorers
        yield from (folder / "restored" / safe_name(name) for name in names)
