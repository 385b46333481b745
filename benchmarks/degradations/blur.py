"""Blur with a known point spread function, which restorers are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import Between, Parametrised
from harness.conditions import Conditions

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class GaussianBlur(Parametrised):
    """Convolution with an isotropic Gaussian, cut at 4 sigma, mirrored at the borders; nothing is rounded.

    Args:
        sigma: Standard deviation in pixels, 0.01 to 50.
    """

    sigma: float
    name: ClassVar[str] = "gaussian-blur"
    limits: ClassVar[Mapping[str, Any]] = {"sigma": Between(0.01, 50)}

    @property
    def conditions(self) -> Conditions:
        """The kernel."""
        from benchmarks.degradations.kernels import gaussian, told

        return Conditions(kernel=told(gaussian, self.sigma, self.sigma))

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Blurs (C, H, W); `generator` is not used."""
        import numpy as np
        from scipy.ndimage import gaussian_filter

        return np.asarray(
            gaussian_filter(image, (0, self.sigma, self.sigma), mode="mirror"), dtype=np.float32
        )


@dataclass(frozen=True, slots=True)
class AnisotropicBlur(Parametrised):
    """Convolution with an elliptic Gaussian, as blind super-resolution trains with; nothing is rounded.

    Args:
        sigma_x: Standard deviation in pixels along `angle`, 0.1 to 20.
        sigma_y: Standard deviation in pixels across it, 0.1 to 20.
        angle: Degrees, counter-clockwise from the right, -360 to 360.
    """

    sigma_x: float
    sigma_y: float
    angle: float = 0.0
    name: ClassVar[str] = "anisotropic-blur"
    limits: ClassVar[Mapping[str, Any]] = {
        "sigma_x": Between(0.1, 20),
        "sigma_y": Between(0.1, 20),
        "angle": Between(-360, 360),
    }

    @property
    def conditions(self) -> Conditions:
        """The kernel."""
        from benchmarks.degradations.kernels import gaussian, told

        return Conditions(kernel=told(gaussian, self.sigma_x, self.sigma_y, self.angle))

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Blurs (C, H, W); `generator` is not used."""
        from benchmarks.degradations.kernels import convolve, gaussian

        return convolve(image, gaussian(self.sigma_x, self.sigma_y, self.angle))


@dataclass(frozen=True, slots=True)
class DefocusBlur(Parametrised):
    """Convolution with a uniform disk: a lens out of focus; nothing is rounded.

    Args:
        radius: Of the disk in pixels, 0.5 to 30.
    """

    radius: float
    name: ClassVar[str] = "defocus-blur"
    limits: ClassVar[Mapping[str, Any]] = {"radius": Between(0.5, 30)}

    @property
    def conditions(self) -> Conditions:
        """The kernel."""
        from benchmarks.degradations.kernels import disk, told

        return Conditions(kernel=told(disk, self.radius))

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Blurs (C, H, W); `generator` is not used."""
        from benchmarks.degradations.kernels import convolve, disk

        return convolve(image, disk(self.radius))
