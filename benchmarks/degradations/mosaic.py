"""What a camera's sensor sees: one colour for each pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from harness.conditions import CFAS
from harness.errors import ImageError, InputError

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class BayerMosaic:
    """Bayer's mosaic (US patent 3971065): of each pixel one colour stays, the other two become 0.

    Args:
        cfa: Colours of the top left 2x2 pixels, row by row: RGGB, BGGR, GRBG or GBRG.
    """

    cfa: str = "RGGB"
    name: ClassVar[str] = "bayer-mosaic"

    def __post_init__(self) -> None:
        """Checks the parameter."""
        if self.cfa not in CFAS:
            raise InputError(f"{self.name}: cfa is {self.cfa!r}; expected one of {', '.join(CFAS)}")

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters, and what a restorer may know."""
        return {"cfa": self.cfa}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Keeps one plane of each pixel of (3, H, W); `generator` is not used.

        Raises:
            ImageError: The image is grey: it has no colours to take away.
        """
        import numpy as np

        if image.shape[0] != 3:
            raise ImageError(f"{self.name}: the image has one plane; expected RGB")
        mosaic = np.zeros_like(image)
        for position, colour in enumerate(self.cfa):
            here = np.s_["RGB".index(colour), position // 2 :: 2, position % 2 :: 2]
            mosaic[here] = image[here]
        return mosaic
