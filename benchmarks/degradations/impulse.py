"""Noise that is not added: impulses, and noise that grows with the value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import Between, Parametrised

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class SaltAndPepper(Parametrised):
    """Impulses: values become 0 or 1, each plane on its own, as MATLAB's `imnoise('salt & pepper')`; 8 bits.

    Args:
        density: Probability that a value is hit, 0 to 1.
    """

    density: float
    name: ClassVar[str] = "salt-and-pepper"
    limits: ClassVar[Mapping[str, Any]] = {"density": Between(0, 1)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W)."""
        import numpy as np

        from harness.images import quantise

        draw = generator.random(image.shape)
        return quantise(
            np.where(draw < self.density / 2, 0, np.where(draw < self.density, 1, image))
        )


@dataclass(frozen=True, slots=True)
class SpeckleNoise(Parametrised):
    """Multiplicative noise: x + n * x with n uniform of mean 0, as MATLAB's `imnoise('speckle')`; 8 bits.

    Args:
        variance: Of n, 0 to 1.
    """

    variance: float
    name: ClassVar[str] = "speckle-noise"
    limits: ClassVar[Mapping[str, Any]] = {"variance": Between(0, 1)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W)."""
        import numpy as np

        from harness.images import quantise

        half = np.sqrt(3 * self.variance)
        return quantise(
            (image * (1 + generator.uniform(-half, half, image.shape))).astype(np.float32)
        )
