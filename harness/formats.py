"""Which files of a folder are images.

Apart from `harness.images`, so that `restobench list` needs no numpy.
"""

from collections.abc import Collection
from pathlib import Path

from harness.errors import InputError

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".gif"}
)
"""File name suffixes, in lower case, that folders of images are searched for."""


def image_files(
    folder: Path, *, deep: bool = False, suffixes: Collection[str] = SUFFIXES
) -> list[Path]:
    """The images of a folder in the order of their paths, without what is hidden.

    Args:
        folder: Where to look.
        deep: Whether folders inside it are searched too.
        suffixes: What counts as an image.
    """
    found = folder.rglob("*") if deep else folder.iterdir()
    return sorted(
        path
        for path in found
        if path.suffix.lower() in suffixes
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def require_images(folder: Path, *, deep: bool = False) -> list[Path]:
    """As `image_files`, of a folder that has to hold some.

    Raises:
        InputError: It holds no image.
    """
    found = image_files(folder, deep=deep)
    if not found:
        expected = ", ".join(sorted(SUFFIXES))
        raise InputError(f"{folder} holds no image; expected files ending in {expected}")
    return found
