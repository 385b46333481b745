"""Where reference images come from: photographs inside installed packages, or a folder."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from harness.catalogue import find_known_set
from harness.errors import ImageError, InputError, as_utf8
from harness.formats import image_files, left_out
from harness.known_sets import is_pinned

if TYPE_CHECKING:
    from harness.images import Image

Mode = Literal["auto", "rgb", "grey"]
"""How files are read: see `Folder`."""


class Source(Protocol):
    """Images by id."""

    def ids(self) -> tuple[str, ...]:
        """Ids in a fixed order, without reading an image."""
        ...

    def read(self, id: str) -> Image:
        """Reads one image."""
        ...

    def file(self, id: str) -> Path:
        """The file that an image is read from."""
        ...

    def facts(self, id: str) -> tuple[str, ...]:
        """What decides whether it is read, besides the file and `describe`."""
        ...

    def describe(self) -> Mapping[str, object]:
        """Where the images come from, as JSON types."""
        ...

    def absent(self) -> str | None:
        """Why the images are not here, or `None`."""
        ...


_PHOTOS = {
    "astronaut": ("skimage", "data/astronaut.png"),
    "chelsea": ("skimage", "data/chelsea.png"),
    "coffee": ("skimage", "data/coffee.png"),
    "motorcycle": ("skimage", "data/motorcycle_left.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "hubble": ("skimage", "data/hubble_deep_field.jpg"),
    "china": ("sklearn", "datasets/images/china.jpg"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
}


@dataclass(frozen=True, slots=True)
class Photos:
    """Photographs that ship in scikit-image and scikit-learn, cut to a square at the centre.

    Args:
        size: Height and width in pixels, at most 300.
    """

    size: int = 192

    def ids(self) -> tuple[str, ...]:
        """The photographs' names."""
        return tuple(_PHOTOS)

    def read(self, id: str) -> Image:
        """Reads one photograph.

        Returns:
            Float32 (3, size, size).
        """
        from harness.images import read_image

        path = self.file(id)
        return _cut_centre(read_image(path, mode="rgb"), self.size, path)

    def file(self, id: str) -> Path:
        """The photograph's file in its package."""
        package, file = _PHOTOS[id]
        return _package_folder(package) / file

    def facts(self, id: str) -> tuple[str, ...]:
        """None."""
        return ()

    def describe(self) -> Mapping[str, object]:
        """The packages and the size."""
        return {
            "source": "photos",
            "size": self.size,
            "licence": "CC0-1.0, public domain and BSD-3-Clause (packages)",
        }

    def absent(self) -> str | None:
        """Names a photograph that the installed packages lack."""
        for name, (package, path) in _PHOTOS.items():
            if not (_package_folder(package) / path).is_file():
                lacking = f"photograph {name} is not in the installed {package}"
                return f"{lacking}: upgrade or reinstall it"
        return None


@functools.cache
def _package_folder(package: str) -> Path:
    """The package's folder, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            f"{package}, which carries photographs, is not installed: pip install restobench"
        )
    return Path(spec.submodule_search_locations[0])


@dataclass(frozen=True, slots=True)
class Folder:
    """The images of a folder, by file name without suffix.

    Args:
        path: The folder.
        mode: `auto` keeps grey files as one plane; `grey` takes rounded Y of colour files; `rgb`
            repeats grey planes.
        licence: Of the images, for the report.
        crop: Height and width in pixels of the square at the centre to which images are cut; 0:
            whole images.
        known: `NAME`, or `NAME/FOLDER`, of the known set that this is: its name promises its
            pixels, and an image that is not the pinned one is refused.
    """

    path: Path
    mode: Mode = "auto"
    licence: str = "unknown"
    crop: int = 0
    known: str = ""

    def files(self) -> Mapping[str, Path]:
        """Files by id, sorted by name.

        Raises:
            InputError: Two files differ in their suffix alone.
        """
        try:
            changed = self.path.stat().st_mtime_ns
        except OSError:
            return {}
        return _files_by_stem(self.path, changed)

    def ids(self) -> tuple[str, ...]:
        """File names without suffix."""
        return tuple(self.files())

    def read(self, id: str) -> Image:
        """Reads one file.

        Raises:
            ImageError: It is gone, is no image, is smaller than the crop, or is not the image that
                the known set pins.
        """
        from harness.images import as_mode, read_image

        path, wanted = self.file(id), self._pins().get(id)
        image = read_image(path)
        if wanted and not is_pinned(path, image, wanted):
            name = self.known.partition("/")[0]
            raise ImageError(
                f"{path} is not the {id} that {name} names: `restobench sets verify {name}` says "
                "what differs. A set of one's own is a recipe with folder = ..."
            )
        image = as_mode(image, self.mode)
        return _cut_centre(image, self.crop, path) if self.crop else image

    def file(self, id: str) -> Path:
        """The file of an image.

        Raises:
            ImageError: It is gone.
        """
        path = self.files().get(id)
        if path is None:
            raise ImageError(f"{self.path} holds no image called {id!r}")
        return path

    def facts(self, id: str) -> tuple[str, ...]:
        """The hash that the known set pins, and how the file is read."""
        return (self.mode, str(self.crop), self._pins().get(id, ""))

    def _pins(self) -> Mapping[str, str]:
        """The hashes of the images by id, as far as they are known."""
        return _known_pins(self.known) if self.known else {}

    def describe(self) -> Mapping[str, object]:
        """The folder's name and how it is read.

        Where it lies is not part of it, for that differs between machines.
        """
        return {
            "source": f"folder {self.path.name}",
            "mode": self.mode,
            "licence": self.licence,
            **({"crop": self.crop} if self.crop else {}),
            **({"pinned": bool(self._pins())} if self.known else {}),
        }

    def left_out(self) -> list[str]:
        """Which of its files are no images, in words; of known sets it is known."""
        return [] if self.known or not self.path.is_dir() else left_out(self.path)

    def absent(self) -> str | None:
        """Says that there is no such folder, or no image in it."""
        if not self.path.is_dir():
            return f"folder {self.path} does not exist"
        return None if image_files(self.path) else f"folder {self.path} holds no image"


@functools.lru_cache(maxsize=64)
def _files_by_stem(folder: Path, _changed: int) -> Mapping[str, Path]:
    """The images of a folder that was changed last at that time: it is asked for with each one."""
    found: dict[str, Path] = {}
    for path in image_files(folder):
        other = found.setdefault(as_utf8(path.stem), path)
        if other != path:
            raise InputError(f"{folder} holds {other.name} and {path.name}: one name, two images")
    return found


def _cut_centre(image: Image, side: int, path: Path) -> Image:
    height, width = image.shape[1:]
    if min(height, width) < side:
        raise ImageError(
            f"{path} is {width} x {height} pixels, smaller than the crop of {side} x {side}"
        )
    top, left = (height - side) // 2, (width - side) // 2
    return image[:, top : top + side, left : left + side]


@functools.cache
def _known_pins(known: str) -> Mapping[str, str]:
    """Of a known set or one of its folders: they are asked for with every image."""
    name, _, part = known.partition("/")
    return find_known_set(name).pins(part)
