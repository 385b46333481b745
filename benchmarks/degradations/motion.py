"""Motion blur. Where the motion is drawn for each image, its kernel is told image by image."""

from typing import Annotated

from benchmarks.degradations.blur import KnownBlur
from benchmarks.degradations.parameters import Array, Between, Generator, Whole, degradation


@degradation("motion-blur")
class MotionBlur(KnownBlur):
    """Uniform motion along a straight line; nothing is rounded.

    The kernel is that of MATLAB's `fspecial('motion')`.

    Args:
        length: Pixels, 1 (no blur) to 100.
        angle: Degrees, counter-clockwise from the right; -1 draws one of [0, 180) for each image.
    """

    length: Annotated[float, Between(1, 100)]
    angle: Annotated[float, Between(-1, 180)] = -1.0

    def _drawn(self) -> bool:
        return self.angle < 0

    def _kernel(self, generator: Generator) -> Array:
        from benchmarks.degradations.kernels import line

        return line(self.length, generator.uniform(0, 180) if self._drawn() else self.angle)


class _Odd(Whole):
    """Odd numbers from `low` to `high`."""

    __slots__ = ()

    def problem(self, value: object) -> str | None:
        """What was expected, if the value is not that."""
        problem = super().problem(value)
        if problem is None and isinstance(value, int) and value % 2 == 0:
            return "expected an odd number"
        return problem


@degradation("shake-blur")
class ShakeBlur(KnownBlur):
    """Camera shake with kernels like those that Levin et al. (2009) measured; nothing is rounded.

    Args:
        size: Odd height and width of the kernel, 3 to 101; Levin's eight have 13 to 27.
        number: A kernel of the same number and size is the same for every image; 0 draws one for
            each image.
    """

    size: Annotated[int, _Odd(3, 101)]
    number: Annotated[int, Whole(0, 1_000_000)] = 0

    def _drawn(self) -> bool:
        return self.number == 0

    def _kernel(self, generator: Generator) -> Array:
        import numpy as np

        from benchmarks.degradations.kernels import shake

        return shake(self.size, generator if self._drawn() else np.random.default_rng(self.number))
