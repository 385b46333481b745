"""What a camera's sensor sees: one colour for each pixel."""

from typing import Annotated

from benchmarks.degradations.parameters import (
    Generator,
    Image,
    OneOf,
    Parametrised,
    check_colour,
    degradation,
)
from harness.conditions import CFAS


@degradation("bayer-mosaic")
class BayerMosaic(Parametrised):
    """Bayer's mosaic (US patent 3971065): of each pixel one colour stays, the other two become 0.

    Args:
        cfa: Colours of the top left 2x2 pixels, row by row: RGGB, BGGR, GRBG or GBRG.
    """

    cfa: Annotated[str, OneOf(CFAS)] = "RGGB"

    def __call__(self, image: Image, generator: Generator) -> Image:
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
