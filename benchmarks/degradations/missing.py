"""Missing pixels: what inpainting has to fill. The mask of each image is told to the restorer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import Between, Parametrised
from harness.conditions import Conditions

if TYPE_CHECKING:
    import numpy as np

    from harness.conditions import Mask
    from harness.images import Image


@dataclass(frozen=True, slots=True)
class _Missing(Parametrised, ABC):
    """Pixels become 0 in all planes until `fraction` of them are missing.

    Args:
        fraction: Share of the pixels that go missing, 0.001 to 0.999.
    """

    fraction: float
    name: ClassVar[str] = ""
    limits: ClassVar[Mapping[str, Any]] = {"fraction": Between(0.001, 0.999)}
    conditions: ClassVar[Conditions] = Conditions(per_image=("mask",))

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W)."""
        return self.degrade(image, generator)[0]

    def degrade(self, image: Image, generator: np.random.Generator) -> tuple[Image, Conditions]:
        """Returns the image, 0 where pixels are missing, and the mask."""
        import numpy as np

        mask = self._mask(image.shape[1], image.shape[2], generator)
        return np.where(mask, np.float32(0), image), Conditions(mask=mask, per_image=("mask",))

    @abstractmethod
    def _mask(self, height: int, width: int, generator: np.random.Generator) -> Mask:
        """What is missing, (H, W)."""


@dataclass(frozen=True, slots=True)
class MissingPixels(_Missing):
    """Single pixels, each on its own, as in the inpainting experiments of Deep Image Prior (Ulyanov et al. 2018).

    Exactly `fraction` of the pixels, rounded, go missing.

    Args:
        fraction: Share of the pixels that go missing, 0.001 to 0.999.
    """

    name: ClassVar[str] = "missing-pixels"

    def _mask(self, height: int, width: int, generator: np.random.Generator) -> Mask:
        import numpy as np

        mask = np.zeros(height * width, dtype=np.bool_)
        mask[generator.permutation(mask.size)[: round(self.fraction * mask.size)]] = True
        return mask.reshape(height, width)


@dataclass(frozen=True, slots=True)
class MissingBoxes(_Missing):
    """Rectangles with sides of 1/16 to 1/4 of the image's, anywhere, until at least `fraction` is missing.

    Args:
        fraction: Share of the pixels that go missing, 0.001 to 0.999.
    """

    name: ClassVar[str] = "missing-boxes"

    def _mask(self, height: int, width: int, generator: np.random.Generator) -> Mask:
        import numpy as np

        mask = np.zeros((height, width), dtype=np.bool_)
        while mask.mean() < self.fraction:
            rows, columns = (
                max(1, round(side * generator.uniform(1 / 16, 1 / 4))) for side in mask.shape
            )
            top, left = (
                generator.integers(height - rows + 1),
                generator.integers(width - columns + 1),
            )
            mask[top : top + rows, left : left + columns] = True
        return mask


@dataclass(frozen=True, slots=True)
class MissingStrokes(_Missing):
    """Free-form strokes, in the manner of Yu et al. 2019 (gated convolution), until at least `fraction` is missing.

    A stroke is 4 to 12 joined segments of up to 1/4 of the shorter side, each turning by up to 60
    degrees, 1/50 to 1/16 of that side wide.

    Args:
        fraction: Share of the pixels that go missing, 0.001 to 0.999.
    """

    name: ClassVar[str] = "missing-strokes"

    def _mask(self, height: int, width: int, generator: np.random.Generator) -> Mask:
        import cv2
        import numpy as np

        drawn = np.zeros((height, width), dtype=np.uint8)
        side = min(height, width)
        while drawn.mean() < self.fraction:
            position = generator.uniform(0, 1, 2) * (width, height)
            angle, thickness = (
                generator.uniform(0, 2 * np.pi),
                max(1, round(side * generator.uniform(1 / 50, 1 / 16))),
            )
            for _ in range(generator.integers(4, 13)):
                angle += generator.uniform(-np.pi / 3, np.pi / 3)
                end = position + generator.uniform(0, side / 4) * np.array(
                    [np.cos(angle), np.sin(angle)]
                )
                cv2.line(
                    drawn,
                    tuple(np.rint(position).astype(int)),
                    tuple(np.rint(end).astype(int)),
                    1,
                    thickness,
                )
                position = end
        return drawn.astype(np.bool_)
