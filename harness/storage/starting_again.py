"""Throwing away a run, and nothing else that lies in its folder."""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from harness.errors import HarnessError, InputError
from harness.storage.places import safe_name
from harness.storage.store import FILENAME, load_run

_OURS = {
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
    for place in ("restored", *_OURS):
        with suppress(OSError):  # it holds something else, or was never there
            (folder / place).rmdir()


def _written(folder: Path) -> Iterator[Path]:
    yield from folder.glob(f"{FILENAME}*")
    yield from (folder / place / name for place, names in _OURS.items() for name in names)
    # pictures of versions before images were kept by content
    previews = folder.glob("images/*/*.png")
    yield from (path for path in previews if _PREVIEW.fullmatch(path.name))
    with suppress(HarnessError):
        names = load_run(folder, lambda _: None).run.restorers
        yield from (folder / "restored" / safe_name(name) for name in names)
