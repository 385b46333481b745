"""Images that a process has decoded, kept as long as they fit: nobody decodes a reference twice."""

from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from harness.images import Image, exact_uint8, from_uint8
from harness.storage.images.arrays import ImageFile

MOST_BYTES = 2**29
"""What one process keeps: 200 photographs of a megapixel."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The 8 bits (H, W, C) that hold an image, or its values (C, H, W)."""

    levels: npt.NDArray[np.uint8] | None
    values: Image | None

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in (self.levels, self.values) if array is not None)

    def image(self) -> Image | None:
        if self.levels is not None:
            return from_uint8(self.levels)
        return None if self.values is None else self.values.copy()


@dataclass(slots=True)
class DecodedImages:
    """The images that were used last, within a number of bytes.

    Args:
        most_bytes: How many.
    """

    most_bytes: int = MOST_BYTES
    _images: OrderedDict[ImageFile, _Kept] = field(default_factory=OrderedDict)
    _bytes: int = 0

    def read(self, file: ImageFile) -> Image:
        """An image: decoded before, or read and checked now.

        Returns:
            An array of the caller's own.

        Raises:
            DamagedImageError: As of `ImageFile.read`.
        """
        kept = self._images.get(file)
        image = None if kept is None else kept.image()
        if image is None:
            image = file.read()
            self.keep(file, image, exact_uint8(image))
        if file in self._images:
            self._images.move_to_end(file)
        return image

    def keep(self, file: ImageFile, image: Image, levels: npt.NDArray[np.uint8] | None) -> None:
        """Keeps an image that is at hand; `levels` is what `exact_uint8` makes of it."""
        if file in self._images:
            return
        kept = _Kept(levels, image.copy() if levels is None else None)
        if kept.nbytes > self.most_bytes // 4:
            return
        self._images[file] = kept
        self._bytes += kept.nbytes
        while self._bytes > self.most_bytes:
            self._bytes -= self._images.popitem(last=False)[1].nbytes


decoded = DecodedImages()
"""Those of this process."""
