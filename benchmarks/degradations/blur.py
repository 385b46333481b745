"""Blur with a known point spread function, which restorers are told; nothing is rounded."""

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import Annotated

from benchmarks.degradations.parameters import (
    Array,
    Between,
    Generator,
    Image,
    Parametrised,
    degradation,
)
from harness.conditions import Conditions, Kernel, kernel_of


class KnownBlur(Parametrised, ABC):
    """Convolution with a kernel of all images, or with one that is drawn for each."""

    __slots__ = ()

    @property
    def conditions(self) -> Conditions:
        """The kernel, if every image has the same."""
        if self._drawn():
            return Conditions(per_image=("kernel",))
        return Conditions(kernel=_common_kernel(self))

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Blurs (C, H, W); `generator` is not used if every image has the same kernel."""
        return self.degrade(image, generator)[0]

    def degrade(self, image: Image, generator: Generator) -> tuple[Image, Conditions]:
        """Blurs (C, H, W), and tells the kernel."""
        from benchmarks.degradations.kernels import convolve

        kernel = self._kernel(generator)
        drawn = Conditions(kernel=kernel_of(kernel), per_image=("kernel",))
        return convolve(image, kernel), drawn if self._drawn() else self.conditions

    def _drawn(self) -> bool:
        """Whether each image has a kernel of its own."""
        return False

    @abstractmethod
    def _kernel(self, generator: Generator) -> Array:
        """What a point of light becomes."""


@lru_cache(maxsize=64)
def _common_kernel(blur: KnownBlur) -> Kernel:
    """The kernel of all images as restorers are told it; a set is asked for it often."""
    import numpy as np

    return kernel_of(blur._kernel(np.random.default_rng()))


@degradation("gaussian-blur")
class GaussianBlur(KnownBlur):
    """Convolution with an isotropic Gaussian, cut at 4 sigma, mirrored at the borders.

    Args:
        sigma: Standard deviation in pixels, 0.01 to 50.
    """

    sigma: Annotated[float, Between(0.01, 50)]

    def degrade(self, image: Image, generator: Generator) -> tuple[Image, Conditions]:
        """Blurs (C, H, W), rows and columns one after the other, and tells the kernel."""
        import numpy as np
        from scipy.ndimage import gaussian_filter

        blurred = gaussian_filter(image, (0, self.sigma, self.sigma), mode="mirror")
        return np.asarray(blurred, dtype=np.float32), self.conditions

    def _kernel(self, generator: Generator) -> Array:
        from benchmarks.degradations.kernels import gaussian

        return gaussian(self.sigma, self.sigma)


@degradation("anisotropic-blur")
class AnisotropicBlur(KnownBlur):
    """Convolution with an elliptic Gaussian, as blind super-resolution trains with.

    Args:
        sigma_x: Standard deviation in pixels along `angle`, 0.1 to 20.
        sigma_y: Standard deviation in pixels across it, 0.1 to 20.
        angle: Degrees, counter-clockwise from the right, -360 to 360.
    """

    sigma_x: Annotated[float, Between(0.1, 20)]
    sigma_y: Annotated[float, Between(0.1, 20)]
    angle: Annotated[float, Between(-360, 360)] = 0.0

    def _kernel(self, generator: Generator) -> Array:
        from benchmarks.degradations.kernels import gaussian

        return gaussian(self.sigma_x, self.sigma_y, self.angle)


@degradation("defocus-blur")
class DefocusBlur(KnownBlur):
    """Convolution with a uniform disk: a lens out of focus.

    Args:
        radius: Of the disk in pixels, 0.5 to 30.
    """

    radius: Annotated[float, Between(0.5, 30)]

    def _kernel(self, generator: Generator) -> Array:
        from benchmarks.degradations.kernels import disk

        return disk(self.radius)
