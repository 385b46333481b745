"""Motion blur. Where the motion is drawn for each image, its kernel is told image by image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import Between, Parametrised
from harness.conditions import Conditions, kernel_of

if TYPE_CHECKING:
    import numpy as np

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
        from benchmarks.degradations.kernels import line

        if self.angle < 0:
            return Conditions(per_image=("kernel",))
        return Conditions(kernel=kernel_of(line(self.length, self.angle)))

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Blurs (C, H, W)."""
        return self.degrade(image, generator)[0]

    def degrade(self, image: Image, generator: np.random.Generator) -> tuple[Image, Conditions]:
        """Blurs (C, H, W), and tells the kernel."""
        from benchmarks.degradations.kernels import convolve, line

        kernel = line(self.length, generator.uniform(0, 180) if self.angle < 0 else self.angle)
        return convolve(image, kernel), Conditions(kernel=kernel_of(kernel), per_image=self.conditions.per_image)
