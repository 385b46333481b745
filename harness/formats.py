"""Which files of a folder are images.

Apart from `harness.images`, so that `restobench list` needs no numpy.
"""

import os
from collections.abc import Collection, Iterator
from pathlib import Path, PurePath

from harness.errors import InputError

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".avif"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".tga", ".icb", ".vda", ".vst", ".dib", ".apng"}
    | {".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".mpo", ".qoi", ".pcx", ".dds"}
    | {".sgi", ".rgb", ".rgba", ".bw"}
)
"""File name suffixes, in lower case, that folders of images are searched for."""


MANIFEST = "manifest.json"
"""How the names of the files end in which the harness says what a folder holds."""


def image_files(
    folder: Path, *, deep: bool = False, suffixes: Collection[str] = SUFFIXES
) -> list[Path]:
    """The images of a folder in the order of their paths, without what is hidden.

    Args:
        folder: Where to look.
        deep: Whether folders inside it are searched too.
        suffixes: What counts as an image.
    """
    found = _image_names(str(folder), deep, suffixes)
    return sorted(folder / name for name in found) if deep else [folder / n for n in sorted(found)]


def _image_names(folder: str, deep: bool, suffixes: Collection[str]) -> Iterator[str]:
    """Paths within a folder; the kernel says of each name what it is, without another question."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            if PurePath(name).suffix.lower() in suffixes and entry.is_file():
                yield name
            elif deep and entry.is_dir(follow_symlinks=False):
                inside = _image_names(entry.path, deep, suffixes)
                yield from (f"{name}/{path}" for path in inside)


def left_out(folder: Path) -> list[str]:
    """Which files of a folder `image_files` leaves out, a line each for hidden and other ones.

    A set must not be short in silence. Most hidden ones are what other systems leave beside a file,
    such as macOS's `._photo.png`.
    """
    hidden, other = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            name, is_image = entry.name, PurePath(entry.name).suffix.lower() in SUFFIXES
            if name.startswith("."):
                hidden += [name] if is_image else []
            elif not is_image and entry.is_file() and not name.endswith(MANIFEST):
                other.append(name)
    lines = [f"hidden files of {folder} are left out: {_some(hidden)}"] if hidden else []
    if other:
        files = "1 file" if len(other) == 1 else f"{len(other)} files"
        lines.append(f"{files} of {folder} left out, of no format that is read: {_some(other)}")
    return lines


def _some(names: list[str]) -> str:
    return ", ".join(sorted(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


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


def images_of(path: Path) -> list[Path]:
    """The images of a folder, or the file that a path is.

    Raises:
        InputError: A folder without any image, or what is neither: a pipe would be waited for.
    """
    if path.is_dir():
        return require_images(path)
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is a pipe or a device; expected an image file or a folder")
    return [path]
