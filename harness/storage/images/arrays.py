"""Images as files that give back the very same values, and are checked against what was written."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

from harness.atomic import atomic_file
from harness.errors import DamagedImageError, ImageError
from harness.images import (
    Image,
    check_image,
    image_hash,
    read_image,
)
from harness.png import encode_png


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image on disk, and what its pixels are.

    Attributes:
        path: A PNG if 8 bits hold its values, `.npy` if not.
        sha256: `harness.images.image_hash`: what is shown, and compared between runs.
        checksum: `quick_hash` of the pixels, against which every reading is checked; empty for a
            file of an earlier version, which is checked against `sha256`.
    """

    path: Path
    sha256: str
    checksum: str = ""

    def read(self) -> Image:
        """Reads the image.

        Returns:
            Float32 (C, H, W), the very values that were written.

        Raises:
            DamagedImageError: The file is gone or damaged, or another one lies in its place.
        """
        try:
            if not self.path.is_file():  # gone, or a folder, or a pipe that would be waited for
                raise ImageError(f"{self.path} is no file")
            image = load_array(self.path)
        except ImageError as error:  # what a decoder says is for whoever can mend the file
            raise DamagedImageError(f"{self.path} is gone or damaged", self.path) from error
        seen = quick_hash(image) if self.checksum else image_hash(image)
        if seen != (self.checksum or self.sha256):
            raise DamagedImageError(f"{self.path} is not what was written there", self.path)
        return image


def quick_hash(image: Image | npt.NDArray[np.uint8]) -> str:
    """XXH3 over the shape and the exact values, 16 hex digits.

    Thirty times as quick as SHA-256. It tells damage, and is no proof against somebody who forges.
    """
    digest = xxhash.xxh3_64(repr(image.shape).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def save_array(image: Image, stem: Path, levels: npt.NDArray[np.uint8] | None) -> Path:
    """Writes an image so that reading gives back the very same values.

    It is a PNG if 8 bits hold it, and `.npy` if not.

    Args:
        image: Float32 (C, H, W).
        stem: The path without its suffix.
        levels: What `harness.images.exact_uint8` makes of it.

    Returns:
        The file that was written; whole or not at all.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    path = stem.with_name(stem.name + (".npy" if levels is None else ".png"))
    with atomic_file(path) as partial:
        if levels is None:
            with partial.open("wb") as file:
                np.save(file, image, allow_pickle=False)
        else:
            partial.write_bytes(encode_png(levels))
    return path


def header_of(path: Path) -> bytes:
    """The beginning of what `save_array` wrote: the same for images of one size and container.

    Empty where the file is gone, which whoever reads it says.
    """
    try:
        with path.open("rb") as file:
            return file.read(26 if path.suffix == ".png" else 128)
    except OSError:
        return b""


def load_array(path: Path) -> Image:
    """Reads what `save_array` wrote.

    Raises:
        ImageError: The file is gone or damaged.
    """
    if path.suffix == ".png":
        return read_image(path)
    try:
        return check_image(np.load(path, allow_pickle=False), str(path))
    except (OSError, ValueError, EOFError) as error:
        raise ImageError(f"{path} cannot be read: {error}") from error
