"""Motion blur. Where the motion is drawn for each image, its kernel is told image by image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import Between, Parametrised, Whole
from harness.conditions import Conditions, kernel_of
from harness.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from benchmarks.degradations.kernels import Array
    from harness.images import Image


@dataclass(frozen=True, slots=True)
class MotionBlur(Parametrised):
    """Uniform motion along a straight line, the kernel of MATLAB's `fspecial('motion')`; nothing is rounded.

    Args:
        length: Pixels, 1 (no blur) to 100.
        angle: Degrees, counter-clockwise from the right; -1 draws one of [0, 180) for each image.
    """

    length: float
    angle: float = -1.0
    name: ClassVar[str] = "motion-blur"
    limits: ClassVar[Mapping[str, Any]] = {"length": Between(1, 100), "angle": Between(-1, 180)}

    @property
    def conditions(self) -> Conditions:
        """The kernel, if the angle is given."""
        from benchmarks.degradations.kernels import line, told

        if self.angle < 0:
            return Conditions(per_image=("kernel",))
        return Conditions(kernel=told(line, self.length, self.angle))

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Blurs (C, H, W)."""
        return self.degrade(image, generator)[0]

    def degrade(self, image: Image, generator: np.random.Generator) -> tuple[Image, Conditions]:
        """Blurs (C, H, W), and tells the kernel."""
        from benchmarks.degradations.kernels import convolve, line

        kernel = line(self.length, generator.uniform(0, 180) if self.angle < 0 else self.angle)
        return convolve(image, kernel), Conditions(
            kernel=kernel_of(kernel), per_image=self.conditions.per_image
        )


@dataclass(frozen=True, slots=True)
class ShakeBlur(Parametrised):
    """Camera shake with kernels like those that Levin et al. (2009) measured; nothing is rounded.

    Args:
        size: Odd height and width of the kernel, 3 to 101; Levin's eight have 13 to 27.
        number: A kernel of the same number and size is the same for every image; 0 draws one for
            each image.
    """

    size: int
    number: int = 0
    name: ClassVar[str] = "shake-blur"
    limits: ClassVar[Mapping[str, Any]] = {"size": Whole(3, 101), "number": Whole(0, 1_000_000)}

    def __post_init__(self) -> None:
        """Checks the parameters."""
        Parametrised.__post_init__(self)
        if self.size % 2 == 0:
            raise InputError(f"{self.name}: size is {self.size}; expected an odd number")

    @property
    def conditions(self) -> Conditions:
        """The kernel, if it has a number."""
        if self.number == 0:
            return Conditions(per_image=("kernel",))
        return Conditions(kernel=kernel_of(self._kernel(None)))

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Blurs (C, H, W)."""
        return self.degrade(image, generator)[0]

    def degrade(self, image: Image, generator: np.random.Generator) -> tuple[Image, Conditions]:
        """Blurs (C, H, W), and tells the kernel."""
        from benchmarks.degradations.kernels import convolve

        kernel = self._kernel(generator)
        return convolve(image, kernel), Conditions(
            kernel=kernel_of(kernel), per_image=self.conditions.per_image
        )

    def _kernel(self, generator: np.random.Generator | None) -> Array:
        import numpy as np

        from benchmarks.degradations.kernels import shake

        if self.number or generator is None:
            generator = np.random.default_rng(self.number)
        return shake(self.size, generator)
