"""Brightness, contrast, sharpness. Definitions are those of KADID-10k (Lin, Hosu, Saupe 2019); results have 8 bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import Between, Parametrised

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class Brighten(Parametrised):
    """Lifts lightness L of CIELAB: the parabola through (0, 0), (0.5, 0.5 + amount / 2) and (1, 1), clipped.

    Args:
        amount: 0 (no change) to 2.
    """

    amount: float
    name: ClassVar[str] = "brighten"
    limits: ClassVar[Mapping[str, Any]] = {"amount": Between(0, 2)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        from benchmarks.degradations.lab import change_lightness

        return change_lightness(image, lambda x: x + 2 * self.amount * x * (1 - x))


@dataclass(frozen=True, slots=True)
class Darken(Parametrised):
    """Lowers lightness L of CIELAB: the parabola through (0, 0), (0.5, 0.5 - amount / 2) and (1, 1), clipped.

    Args:
        amount: 0 (no change) to 2.
    """

    amount: float
    name: ClassVar[str] = "darken"
    limits: ClassVar[Mapping[str, Any]] = {"amount": Between(0, 2)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        from benchmarks.degradations.lab import change_lightness

        return change_lightness(image, lambda x: x - 2 * self.amount * x * (1 - x))


@dataclass(frozen=True, slots=True)
class MeanShift(Parametrised):
    """Adds one number to every value and clips.

    Args:
        shift: -1 to 1; 0 is no change.
    """

    shift: float
    name: ClassVar[str] = "mean-shift"
    limits: ClassVar[Mapping[str, Any]] = {"shift": Between(-1, 1)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        import numpy as np

        from harness.images import quantise

        return quantise(image + np.float32(self.shift))


@dataclass(frozen=True, slots=True)
class Contrast(Parametrised):
    """An S-shaped curve for every value: the cubic through (0, 0), (1/4, 1/4 - a/4), (3/4, 3/4 + a/4) and (1, 1).

    Args:
        amount: a, -0.75 (flat) to 0.375 (steep): the range in which the curve never falls; 0 is no
            change.
    """

    amount: float
    name: ClassVar[str] = "contrast"
    limits: ClassVar[Mapping[str, Any]] = {"amount": Between(-0.75, 0.375)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        import numpy as np

        from harness.images import quantise

        x = np.clip(image, 0, 1)
        return quantise(x + np.float32(16 / 3 * self.amount) * x * (1 - x) * (x - np.float32(0.5)))


@dataclass(frozen=True, slots=True)
class Sharpen(Parametrised):
    """Unsharp masking of lightness with sigma 3, as MATLAB's `imsharpen` does it: L + amount * (L - blurred L).

    Args:
        amount: 0 (no change) to 20.
    """

    amount: float
    name: ClassVar[str] = "sharpen"
    limits: ClassVar[Mapping[str, Any]] = {"amount": Between(0, 20)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        import cv2

        from benchmarks.degradations.lab import change_lightness

        return change_lightness(
            image, lambda x: x + self.amount * (x - cv2.GaussianBlur(x, (0, 0), 3))
        )
