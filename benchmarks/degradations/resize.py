"""Downscaling as MATLAB does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from harness.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class MatlabBicubic:
    """Protocol A: antialiased bicubic of uint8, bit-exact with the public LR of Set5 and Set14.

    Args:
        scale: Factor, a whole number from 2 on.
    """

    scale: int
    name: ClassVar[str] = "imresize"

    def __post_init__(self) -> None:
        """Checks the parameter."""
        _check_scale(self.scale, self.name)

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters, and what a restorer may know."""
        return {"scale": self.scale}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Shrinks (C, H, W) to (C, H / scale, W / scale) of 8 bits; `generator` is not used."""
        from harness.images import imresize

        return imresize(image, 1 / self.scale)


@dataclass(frozen=True, slots=True)
class MatlabBicubicFloat:
    """Protocol B: the same filter on float input; nothing is rounded.

    Args:
        scale: Factor, a whole number from 2 on.
    """

    scale: int
    name: ClassVar[str] = "imresize-float"

    def __post_init__(self) -> None:
        """Checks the parameter."""
        _check_scale(self.scale, self.name)

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters, and what a restorer may know."""
        return {"scale": self.scale}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Shrinks (C, H, W) to (C, H / scale, W / scale); `generator` is not used."""
        from harness.images import imresize

        return imresize(image, 1 / self.scale, rounding="none")


def _check_scale(scale: int, name: str) -> None:
    if not isinstance(scale, int) or not 2 <= scale <= 16:
        raise InputError(f"{name}: scale is {scale!r}; expected a whole number from 2 to 16")
