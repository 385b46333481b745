"""Restored pixels on their way from a restorer's process to the one that keeps and scores them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.errors import DamagedImageError
from harness.images import Image, check_image, from_uint8, image_hash, to_uint8
from harness.storage.images.arrays import ImageFile, as_levels, quick_hash, save_array


@dataclass(frozen=True, slots=True)
class Handover:
    """Pixels in a file that lasts as long as a cell does.

    Attributes:
        path: Uncompressed: 8 bits (H, W, C), or float32 (C, H, W).
        checksum: `harness.storage.images.arrays.quick_hash` of what the file holds.
    """

    path: Path
    checksum: str

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
        try:
            content = np.load(self.path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise DamagedImageError(f"restored pixels were lost: {error}", self.path) from error
        if quick_hash(content) != self.checksum:
            raise DamagedImageError("restored pixels were changed on their way", self.path)
        is_bytes = content.dtype == np.uint8
        image = check_image(from_uint8(content) if is_bytes else content, "restored pixels")
        path = save_array(image, stem, content if is_bytes else as_levels(image))
        return image, ImageFile(path, image_hash(image), quick_hash(image))


def hand_over(image: Image, path: Path, *, quantise: bool) -> Handover:
    """Writes a restored image for the process that keeps it.

    Args:
        image: Float32 (C, H, W).
        path: Where; `.npy`.
        quantise: Whether it is rounded to 8 bits, as a file would be.
    """
    content = to_uint8(image) if quantise else image
    np.save(path, content, allow_pickle=False)
    return Handover(path, quick_hash(content))
