"""Haze and rain, as the synthetic sets of the literature make them; results have 8 bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import Between, Parametrised

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class Haze(Parametrised):
    """The scattering model I = J t + A (1 - t), t = exp(-beta d) (McCartney 1976; used by RESIDE).

    A photograph has no depth map. The proxy d rises from 0 at the bottom to 1 at the top, as ground
    does that goes away from the camera, and is bent by up to 0.2 by a smooth random field.

    Args:
        beta: Scattering, 0 (no haze) to 10; RESIDE has 0.6 to 1.8.
        airlight: A, 0 to 1; RESIDE has 0.7 to 1.
    """

    beta: float
    airlight: float = 0.9
    name: ClassVar[str] = "haze"
    limits: ClassVar[Mapping[str, Any]] = {"beta": Between(0, 10), "airlight": Between(0, 1)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W)."""
        import cv2
        import numpy as np

        from harness.images import quantise

        height, width = image.shape[1:]
        coarse = generator.uniform(-0.2, 0.2, (5, 5)).astype(np.float32)
        depth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        depth += np.linspace(1, 0, height, dtype=np.float32)[:, None]
        passed = np.exp(-np.float32(self.beta) * np.clip(depth, 0, None))
        return quantise(image * passed + np.float32(self.airlight) * (1 - passed))


@dataclass(frozen=True, slots=True)
class Rain(Parametrised):
    """Streaks of light over the image, as in Rain100 (Yang et al. 2017): drops blurred along one direction and added.

    Args:
        density: Share of the pixels where a streak begins, 0 to 0.2.
        length: Of a streak in pixels, 3 to 100.
        strength: Brightness of a full streak, 0 to 2.
        slant: Largest angle from the vertical in degrees, 0 to 45; each image has its own.
    """

    density: float
    length: float = 15.0
    strength: float = 0.8
    slant: float = 20.0
    name: ClassVar[str] = "rain"
    limits: ClassVar[Mapping[str, Any]] = {
        "density": Between(0, 0.2),
        "length": Between(3, 100),
        "strength": Between(0, 2),
        "slant": Between(0, 45),
    }

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W)."""
        import numpy as np

        from benchmarks.degradations.kernels import convolve, line
        from harness.images import quantise

        angle = 90 + generator.uniform(-self.slant, self.slant)
        kernel = line(self.length, angle)
        drops = (generator.random((1, *image.shape[1:]), dtype=np.float32) < self.density).astype(
            np.float32
        )
        streaks = convolve(drops, kernel / kernel.max()) * np.float32(self.strength)
        return quantise(image + np.clip(streaks, 0, 1))
