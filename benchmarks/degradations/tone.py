"""Brightness, contrast, sharpness, defined as in KADID-10k (Lin, Hosu, Saupe 2019).

Results have 8 bits.
"""

from typing import Annotated

from benchmarks.degradations.parameters import (
    Between,
    Generator,
    Image,
    Parametrised,
    Rounded,
    degradation,
)


@degradation("brighten")
class Brighten(Parametrised):
    """Lifts lightness L of CIELAB.

    The curve is the parabola through (0, 0), (0.5, 0.5 + amount / 2) and (1, 1), clipped.

    Args:
        amount: 0 (no change) to 2.
    """

    amount: Annotated[float, Between(0, 2)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        from benchmarks.degradations.lab import change_lightness

        return change_lightness(image, lambda x: x + 2 * self.amount * x * (1 - x))


@degradation("darken")
class Darken(Parametrised):
    """Lowers lightness L of CIELAB.

    The curve is the parabola through (0, 0), (0.5, 0.5 - amount / 2) and (1, 1), clipped.

    Args:
        amount: 0 (no change) to 2.
    """

    amount: Annotated[float, Between(0, 2)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        from benchmarks.degradations.lab import change_lightness

        return change_lightness(image, lambda x: x - 2 * self.amount * x * (1 - x))


@degradation("mean-shift")
class MeanShift(Rounded):
    """Adds one number to every value and clips.

    Args:
        shift: -1 to 1; 0 is no change.
    """

    shift: Annotated[float, Between(-1, 1)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        return image + self.shift


@degradation("contrast")
class Contrast(Rounded):
    """An S-shaped curve for every value.

    It is the cubic through (0, 0), (1/4, 1/4 - a/4), (3/4, 3/4 + a/4) and (1, 1).

    Args:
        amount: a, -0.75 (flat) to 0.375 (steep): the range in which the curve never falls; 0 is no
            change.
    """

    amount: Annotated[float, Between(-0.75, 0.375)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        x: Image = image.clip(0, 1)
        return x + 16 / 3 * self.amount * x * (1 - x) * (x - 0.5)


@degradation("sharpen")
class Sharpen(Parametrised):
    """Unsharp masking of lightness with sigma 3, as MATLAB's `imsharpen` does it.

    L becomes L + amount * (L - blurred L).

    Args:
        amount: 0 (no change) to 20.
    """

    amount: Annotated[float, Between(0, 20)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        import cv2

        from benchmarks.degradations.lab import change_lightness

        return change_lightness(
            image, lambda x: x + self.amount * (x - cv2.GaussianBlur(x, (0, 0), 3))
        )
