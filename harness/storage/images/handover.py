"""Pixels on their way from one process to another.

Degraded ones to the first restorer that sees them, restored ones to the process that keeps and
scores them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import DamagedImageError
from harness.images import Image, check_image, exact_uint8, from_uint8, image_hash
from harness.storage.images.arrays import ImageFile, quick_hash, save_array


@dataclass(frozen=True, slots=True)
class Handover:
    """Pixels in a file that lasts as long as a cell does.

    Attributes:
        path: Uncompressed: 8 bits (H, W, C), or float32 (C, H, W).
        checksum: `harness.storage.images.arrays.quick_hash` of what the file holds.
    """

    path: Path
    checksum: str

    def read(self) -> Image:
        """Takes the image.

        Returns:
            Float32 (C, H, W).

        Raises:
            DamagedImageError: What lies there was not handed over.
        """
        content = self._content()
        return from_uint8(content) if content.dtype == np.uint8 else content

    def _content(self) -> npt.NDArray[Any]:
        try:
            content: npt.NDArray[Any] = np.load(self.path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise DamagedImageError(f"pixels were lost: {error}", self.path) from error
        if quick_hash(content) != self.checksum:
            raise DamagedImageError("pixels were changed on their way", self.path)
        return content

    def keep(self, stem: Path) -> tuple[Image, ImageFile]:
        """Takes the image, and writes it where the run keeps it.

        Args:
            stem: The path there without its suffix.

        Returns:
            Float32 (C, H, W), and the file.

        Raises:
            DamagedImageError: What lies there was not handed over.
            OSError: It cannot be written.
        """
        content = self._content()
        is_bytes = content.dtype == np.uint8
        image = check_image(from_uint8(content) if is_bytes else content, "restored pixels")
        path = save_array(image, stem, content if is_bytes else exact_uint8(image))
        return image, ImageFile(path, image_hash(image), quick_hash(image))


def hand_over(image: Image | npt.NDArray[np.uint8], path: Path) -> Handover:
    """Leaves an image for another process.

    Args:
        image: Float32 (C, H, W), or the bytes (H, W, C) that hold it.
        path: Where; `.npy`.
    """
    np.save(path, image, allow_pickle=False)
    return Handover(path, quick_hash(image))
