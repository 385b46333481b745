"""Gaussian noise, as the literature adds it and as a camera's file would hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from harness.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class GaussianNoise:
    """Protocol E: additive white Gaussian noise, not clipped, the same noise for every image of a size.

    `numpy.random.RandomState(0)` is made anew for each image and draws (H, W) for a grey image, (H, W, 3) for RGB.

    Args:
        sigma_255: Standard deviation on the 0-255 scale, above 0.
    """

    sigma_255: float
    name: ClassVar[str] = "gaussian-noise"

    def __post_init__(self) -> None:
        """Checks the parameter."""
        _check_sigma(self.sigma_255, self.name)

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters, and what a restorer may know."""
        return {"sigma_255": self.sigma_255}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Adds the noise to (C, H, W); the result is not clipped. `generator` is not used."""
        import numpy as np

        noise = np.random.RandomState(0).randn(*image.shape[1:], image.shape[0]).transpose(2, 0, 1)
        return (image + noise * (self.sigma_255 / 255)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class GaussianNoiseClipped:
    """Noise clipped and rounded to 8 bits, drawn anew for each image: what a noisy file holds.

    Args:
        sigma_255: Standard deviation on the 0-255 scale, above 0.
    """

    sigma_255: float
    name: ClassVar[str] = "gaussian-noise-clipped"

    def __post_init__(self) -> None:
        """Checks the parameter."""
        _check_sigma(self.sigma_255, self.name)

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters, and what a restorer may know."""
        return {"sigma_255": self.sigma_255}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Adds the noise to (C, H, W) and rounds to 8 bits in [0, 1]."""
        from harness.images import quantise

        noise = generator.standard_normal(image.shape) * (self.sigma_255 / 255)
        return quantise((image + noise).astype("float32"))


def _check_sigma(sigma_255: float, name: str) -> None:
    if not 0 < sigma_255 <= 255:
        raise InputError(f"{name}: sigma_255 is {sigma_255!r}; expected a number above 0 and at most 255")
