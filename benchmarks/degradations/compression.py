"""Lossy compression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from harness.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class Jpeg:
    """Protocol F: Pillow's baseline JPEG with its default 4:2:0 chroma; a grey plane stays grey.

    Args:
        quality: 1 to 100.
    """

    quality: int
    name: ClassVar[str] = "jpeg"

    def __post_init__(self) -> None:
        """Checks the parameter."""
        if not isinstance(self.quality, int) or not 1 <= self.quality <= 100:
            raise InputError(f"{self.name}: quality is {self.quality!r}; expected a whole number from 1 to 100")

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters, and what a restorer may know."""
        return {"quality": self.quality}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Compresses (C, H, W); `generator` is not used."""
        from io import BytesIO

        import numpy as np
        from PIL import Image as PillowImage

        from harness.images import from_uint8, to_uint8

        pixels = to_uint8(image)
        file = BytesIO()
        PillowImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(
            file, format="JPEG", quality=self.quality
        )
        decoded = np.asarray(PillowImage.open(file))
        return from_uint8(decoded if decoded.ndim == 3 else decoded[..., None])
