"""Haze and rain, as the synthetic sets of the literature make them; results have 8 bits."""

from typing import Annotated

from benchmarks.degradations.parameters import Between, Generator, Image, Rounded, degradation


@degradation("haze")
class Haze(Rounded):
    """The scattering model I = J t + A (1 - t), t = exp(-beta d) (McCartney 1976; used by RESIDE).

    A photograph has no depth map. The proxy d rises from 0 at the bottom to 1 at the top, as ground
    does that goes away from the camera, and is bent by up to 0.2 by a smooth random field.

    Args:
        beta: Scattering, 0 (no haze) to 10; RESIDE has 0.6 to 1.8.
        airlight: A, 0 to 1; RESIDE has 0.7 to 1.
    """

    beta: Annotated[float, Between(0, 10)]
    airlight: Annotated[float, Between(0, 1)] = 0.9

    def _degrade(self, image: Image, generator: Generator) -> Image:
        import cv2
        import numpy as np

        height, width = image.shape[1:]
        coarse = generator.uniform(-0.2, 0.2, (5, 5)).astype(np.float32)
        depth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
        depth += np.linspace(1, 0, height, dtype=np.float32)[:, None]
        passed = np.exp(-self.beta * depth.clip(0))
        return np.asarray(image * passed + self.airlight * (1 - passed), dtype=np.float32)


@degradation("rain")
class Rain(Rounded):
    """Streaks of light over the image, as in Rain100 (Yang et al. 2017).

    Drops are blurred along one direction and added.

    Args:
        density: Share of the pixels where a streak begins, 0 to 0.2.
        length: Of a streak in pixels, 3 to 100.
        strength: Brightness of a full streak, 0 to 2.
        slant: Largest angle from the vertical in degrees, 0 to 45; each image has its own.
    """

    density: Annotated[float, Between(0, 0.2)]
    length: Annotated[float, Between(3, 100)] = 15.0
    strength: Annotated[float, Between(0, 2)] = 0.8
    slant: Annotated[float, Between(0, 45)] = 20.0

    def _degrade(self, image: Image, generator: Generator) -> Image:
        from benchmarks.degradations.kernels import convolve, line

        kernel = line(self.length, 90 + generator.uniform(-self.slant, self.slant))
        drops = generator.random((1, *image.shape[1:]), dtype="float32") < self.density
        streaks = convolve(drops.astype("float32"), kernel / kernel.max()) * self.strength
        added: Image = streaks.clip(0, 1)
        return image + added
