"""Missing pixels: what inpainting has to fill. The mask of each image is told to the restorer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from benchmarks.degradations.parameters import Between, Generator, Image, Parametrised, degradation
from harness.conditions import Conditions

if TYPE_CHECKING:
    from harness.conditions import Mask


@dataclass(frozen=True, slots=True)
class _Missing(Parametrised, ABC):
    """Pixels become 0 in all planes until `fraction` of them are missing.

    Args:
        fraction: Share of the pixels that go missing, 0.001 to 0.999.
    """

    fraction: Annotated[float, Between(0.001, 0.999)]
    conditions: ClassVar[Conditions] = Conditions(per_image=("mask",))

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (C, H, W)."""
        return self.degrade(image, generator)[0]

    def degrade(self, image: Image, generator: Generator) -> tuple[Image, Conditions]:
        """Returns the image, 0 where pixels are missing, and the mask."""
        import numpy as np

        mask = self._mask(image.shape[1], image.shape[2], generator)
        return np.where(mask, np.float32(0), image), Conditions(mask=mask, per_image=("mask",))

    @abstractmethod
    def _mask(self, height: int, width: int, generator: Generator) -> Mask:
        """What is missing, (H, W)."""


@degradation("missing-pixels")
class MissingPixels(_Missing):
    """Single pixels, each on its own, as in Deep Image Prior (Ulyanov et al. 2018).

    Exactly `fraction` of the pixels, rounded, go missing, as in that paper's inpainting
    experiments.

    Args:
        fraction: Share of the pixels that go missing, 0.001 to 0.999.
    """

    def _mask(self, height: int, width: int, generator: Generator) -> Mask:
        import numpy as np

        mask = np.zeros(height * width, dtype=np.bool_)
        mask[generator.permutation(mask.size)[: round(self.fraction * mask.size)]] = True
        return mask.reshape(height, width)


@degradation("missing-boxes")
class MissingBoxes(_Missing):
    """Rectangles anywhere, until at least `fraction` is missing.

    Their sides are 1/16 to 1/4 of the image's.

    Args:
        fraction: Share of the pixels that go missing, 0.001 to 0.999.
    """

    def _mask(self, height: int, width: int, generator: Generator) -> Mask:
        import numpy as np

        mask = np.zeros((height, width), dtype=np.bool_)
        while mask.mean() < self.fraction:
            rows, columns = (
                max(1, round(side * generator.uniform(1 / 16, 1 / 4))) for side in mask.shape
            )
            top = generator.integers(height - rows + 1)
            left = generator.integers(width - columns + 1)
            mask[top : top + rows, left : left + columns] = True
        return mask


@degradation("missing-strokes")
class MissingStrokes(_Missing):
    """Free-form strokes, until at least `fraction` is missing.

    They are in the manner of Yu et al. 2019 (gated convolution). A stroke is 4 to 12 joined
    segments of up to 1/4 of the shorter side, each turning by up to 60 degrees, 1/50 to 1/16 of
    that side wide.

    Args:
        fraction: Share of the pixels that go missing, 0.001 to 0.999.
    """

    def _mask(self, height: int, width: int, generator: Generator) -> Mask:
        import cv2
        import numpy as np

        drawn = np.zeros((height, width), dtype=np.uint8)
        side = min(height, width)
        while drawn.mean() < self.fraction:
            ends = [generator.uniform(0, 1, 2) * (width, height)]
            angle = generator.uniform(0, 2 * np.pi)
            thickness = max(1, round(side * generator.uniform(1 / 50, 1 / 16)))
            for _ in range(generator.integers(4, 13)):
                angle += generator.uniform(-np.pi / 3, np.pi / 3)
                length, direction = generator.uniform(0, side / 4), (np.cos(angle), np.sin(angle))
                ends.append(ends[-1] + length * np.array(direction))
            points = np.rint(ends).astype(np.int32)
            cv2.polylines(drawn, [points], False, 1, thickness)
        return drawn.astype(np.bool_)
