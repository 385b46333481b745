"""Blur."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from harness.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class GaussianBlur:
    """Convolution with an isotropic Gaussian, cut at 4 sigma, mirrored at the borders.

    Args:
        sigma: Standard deviation in pixels, above 0.
    """

    sigma: float
    name: ClassVar[str] = "gaussian-blur"

    def __post_init__(self) -> None:
        """Checks the parameter."""
        if not 0 < self.sigma <= 50:
            raise InputError(f"{self.name}: sigma is {self.sigma!r}; expected pixels above 0 and at most 50")

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters."""
        return {"sigma": self.sigma}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Blurs (C, H, W); `generator` is not used."""
        import numpy as np
        from scipy.ndimage import gaussian_filter

        return np.asarray(gaussian_filter(image, (0, self.sigma, self.sigma), mode="mirror"), dtype=np.float32)
