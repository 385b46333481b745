"""What a camera's sensor sees: one colour for each pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import OneOf, Parametrised, check_colour
from harness.conditions import CFAS

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class BayerMosaic(Parametrised):
    """Bayer's mosaic (US patent 3971065): of each pixel one colour stays, the other two become 0.

    Args:
        cfa: Colours of the top left 2x2 pixels, row by row: RGGB, BGGR, GRBG or GBRG.
    """

    cfa: str = "RGGB"
    name: ClassVar[str] = "bayer-mosaic"
    limits: ClassVar[Mapping[str, Any]] = {"cfa": OneOf(CFAS)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Keeps one plane of each pixel of (3, H, W); `generator` is not used.

        Raises:
            ImageError: The image is grey: it has no colours to take away.
        """
        import numpy as np

        check_colour(image, self.name)
        mosaic = np.zeros_like(image)
        for position, colour in enumerate(self.cfa):
            here = np.s_["RGB".index(colour), position // 2 :: 2, position % 2 :: 2]
            mosaic[here] = image[here]
        return mosaic
