"""Gaussian noise: as the literature adds it, as a camera's file would hold it, with grain, and in colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import Between, Parametrised, check_colour

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image

SIGMA_255 = Between(0.001, 255)


@dataclass(frozen=True, slots=True)
class GaussianNoise(Parametrised):
    """Protocol E: additive white Gaussian noise, not clipped, the same noise for every image of a size.

    `numpy.random.RandomState(0)` is made anew for each image and draws (H, W) for a grey image, (H,
    W, 3) for RGB.

    Args:
        sigma_255: Standard deviation on the 0-255 scale, 0.001 to 255.
    """

    sigma_255: float
    name: ClassVar[str] = "gaussian-noise"
    limits: ClassVar[Mapping[str, Any]] = {"sigma_255": SIGMA_255}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Adds the noise to (C, H, W); the result is not clipped. `generator` is not used."""
        import numpy as np

        noise = np.random.RandomState(0).randn(*image.shape[1:], image.shape[0]).transpose(2, 0, 1)
        return (image + noise * (self.sigma_255 / 255)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class GaussianNoiseClipped(Parametrised):
    """Noise clipped and rounded to 8 bits, drawn anew for each image: what a noisy file holds.

    Args:
        sigma_255: Standard deviation on the 0-255 scale, 0.001 to 255.
    """

    sigma_255: float
    name: ClassVar[str] = "gaussian-noise-clipped"
    limits: ClassVar[Mapping[str, Any]] = {"sigma_255": SIGMA_255}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Adds the noise to (C, H, W) and rounds to 8 bits in [0, 1]."""
        from harness.images import quantise

        noise = generator.standard_normal(image.shape) * (self.sigma_255 / 255)
        return quantise((image + noise).astype("float32"))


@dataclass(frozen=True, slots=True)
class CorrelatedNoise(Parametrised):
    """Gaussian noise with grain: white noise blurred by a Gaussian and scaled back to `sigma_255`; 8 bits.

    Args:
        sigma_255: Standard deviation on the 0-255 scale, 0.001 to 255.
        grain: Sigma of the blur in pixels, 0.3 to 10.
    """

    sigma_255: float
    grain: float = 1.0
    name: ClassVar[str] = "correlated-noise"
    limits: ClassVar[Mapping[str, Any]] = {"sigma_255": SIGMA_255, "grain": Between(0.3, 10)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Adds the noise to (C, H, W) and rounds to 8 bits in [0, 1]."""
        import numpy as np

        from benchmarks.degradations.kernels import convolve, gaussian
        from harness.images import quantise

        kernel = gaussian(self.grain, self.grain)
        noise = convolve(generator.standard_normal(image.shape, dtype=np.float32), kernel)
        # a sum of independent values with weights w has the variance sum(w^2)
        return quantise(
            image + noise * np.float32(self.sigma_255 / 255 / np.sqrt((kernel**2).sum()))
        )


@dataclass(frozen=True, slots=True)
class ColourNoise(Parametrised):
    """White noise in the planes of YCbCr (KADID-10k's "white noise in colour component"); 8 bits.

    Args:
        variance: Of the noise, for values in [0, 1]; 0.000001 to 1.
    """

    variance: float
    name: ClassVar[str] = "colour-noise"
    limits: ClassVar[Mapping[str, Any]] = {"variance": Between(1e-6, 1)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Adds the noise to (3, H, W) and rounds to 8 bits in [0, 1]."""
        import numpy as np

        from harness.images import quantise

        check_colour(image, self.name)
        noise = generator.standard_normal(image.shape, dtype=np.float32) * np.float32(
            self.variance**0.5
        )
        # YCbCr to RGB is linear (BT.601 in limited range): noise may be turned round alone
        back = np.array(
            [[1.1644, 0, 1.5960], [1.1644, -0.3918, -0.8130], [1.1644, 2.0172, 0]], dtype=np.float32
        )
        return quantise(image + np.tensordot(back, noise, axes=1))
