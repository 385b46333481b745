"""Noise that is not added: impulses, and noise that grows with the value."""

from math import sqrt
from typing import Annotated

from benchmarks.degradations.parameters import Between, Generator, Image, Rounded, degradation


@degradation("salt-and-pepper")
class SaltAndPepper(Rounded):
    """Impulses, as MATLAB's `imnoise('salt & pepper')`; 8 bits.

    Values become 0 or 1, each plane on its own.

    Args:
        density: Probability that a value is hit, 0 to 1.
    """

    density: Annotated[float, Between(0, 1)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        import numpy as np

        draw = generator.random(image.shape)
        salted = np.where(draw < self.density, 1, image)
        return np.where(draw < self.density / 2, 0, salted)


@degradation("speckle-noise")
class SpeckleNoise(Rounded):
    """Multiplicative noise, as MATLAB's `imnoise('speckle')`; 8 bits.

    x becomes x + n * x with n uniform of mean 0.

    Args:
        variance: Of n, 0 to 1.
    """

    variance: Annotated[float, Between(0, 1)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        half = sqrt(3 * self.variance)
        return (image * (1 + generator.uniform(-half, half, image.shape))).astype("float32")
