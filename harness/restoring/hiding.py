"""What restorers may not see: references, and what lies beside them."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from harness.errors import DamagedImageError, HarnessError
from harness.protocols import DegradedSet
from harness.storage.images.arrays import ImageFile
from harness.storage.places import cache_folder
from harness.workers.sandbox import hidden, hide


def hide_references(sets: Iterable[DegradedSet], run: Path) -> list[str]:
    """Hides references from all restorers that are loaded from now on in this process.

    The files that sets are read from, the cache of images, and the run with what it restored.

    Args:
        sets: Whose references.
        run: The run folder.

    Returns:
        The names of sets that do not say which files they are read from: those stay readable.

    Raises:
        UnavailableError: This machine has no means to.
    """
    unknown, files = [], {cache_folder(), run}
    for degraded_set in sets:
        found = _files(degraded_set)
        files |= found
        if not found:
            unknown.append(degraded_set.name)
    hide(sorted(files))
    return unknown


def lend(file: ImageFile, beside: Path, lent: dict[Path, Path]) -> ImageFile:
    """Copies an image of the cache for a restorer, if the cache is hidden from it.

    Args:
        file: The image.
        beside: A file in the folder that the restorer can read; the copy is called after it.
        lent: Copies that were made, and of what: this one is added.

    Raises:
        DamagedImageError: The image is gone.
    """
    if not hidden():
        return file
    copy = beside.with_name(f"{beside.stem}-{len(lent)}{file.path.suffix}")
    try:
        shutil.copyfile(file.path, copy)
    except OSError as error:
        raise DamagedImageError(f"{file.path} cannot be read: {error}", file.path) from error
    lent[copy] = file.path
    return replace(file, path=copy)


def _files(degraded_set: DegradedSet) -> set[Path]:
    find = getattr(degraded_set, "origins", None)
    if find is None or degraded_set.absent():
        return set()
    try:
        return {Path(path) for image in degraded_set.ids() for path in find(image).files}
    except (HarnessError, OSError):  # whoever makes its samples says what is wrong
        return set()
