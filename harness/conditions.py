"""What is known of a degradation, so that a restorer can be told."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from harness.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Mask = npt.NDArray[np.bool_]

T = TypeVar("T")

Kernel = tuple[tuple[float, ...], ...]
"""A point spread function by rows, odd in height and width, that sums to 1."""

CFAS = ("RGGB", "BGGR", "GRBG", "GBRG")
"""Colours of the top left 2x2 pixels of a Bayer sensor, row by row."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a set knows about its degradation, handed to restorers. `None`: not known.

    Attributes:
        scale: Super-resolution factor, 1 for everything else.
        sigma_255: Standard deviation of Gaussian noise on the 0-255 scale.
        quality: JPEG quality, 1-100.
        kernel: The reference was *convolved* with it (mirrored borders): what a point of light
            looks like. On the reference's pixel grid, where the image was also made smaller.
        cfa: Bayer pattern, one of `CFAS`. The degraded image is (3, H, W) and 0 where its sensor
            has no such pixel; the sum over planes is the mosaic.
        mask: Boolean (H, W), true where pixels are missing; the degraded image is 0 there. Not part
            of `==`.
        per_image: Fields that each `Sample` knows for itself, and the set as a whole does not.
        set_name: Set that the image belongs to, and
        sample_id: its id there, for restorers that look results up. Neither is part of `==`: they
            are no knowledge of a degradation.
    """

    scale: int = 1
    sigma_255: float | None = None
    quality: int | None = None
    kernel: Kernel | None = None
    cfa: str | None = None
    mask: Mask | None = field(default=None, compare=False, repr=False)
    per_image: tuple[str, ...] = ()
    set_name: str | None = field(default=None, compare=False)
    sample_id: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Checks the pattern and the kernel's sides."""
        if self.cfa is not None and self.cfa not in CFAS:
            raise InputError(f"cfa is {self.cfa!r}; expected one of {', '.join(CFAS)}")
        if self.kernel is not None:
            widths = {len(row) for row in self.kernel}
            if len(self.kernel) % 2 == 0 or len(widths) != 1 or widths.pop() % 2 == 0:
                raise InputError("kernel is no rectangle of odd height and width")

    def knows(self, name: str) -> bool:
        """Whether a field is known, of the set or of each image."""
        return getattr(self, name) is not None or name in self.per_image

    def then(self, later: Conditions) -> Conditions:
        """What is known after a second degradation.

        Scales multiply, Gaussian noises add up, kernels are convolved.
        """
        return Conditions(
            scale=self.scale * later.scale,
            sigma_255=_both(self.sigma_255, later.sigma_255, math.hypot),
            quality=self.quality if later.quality is None else later.quality,
            kernel=_both(self.kernel, later.kernel, _convolve),
            cfa=self.cfa if later.cfa is None else later.cfa,
            mask=_both(self.mask, later.mask, operator.or_),
            per_image=tuple(sorted({*self.per_image, *later.per_image})),
        )

    def corner(self, size: int) -> Conditions:
        """What is known of the top left `size` x `size` pixels."""
        return self if self.mask is None else replace(self, mask=self.mask[:size, :size])

    def as_json(self) -> dict[str, object]:
        """As JSON types, without the mask; what is not known of the newer fields is left out."""
        newer = {
            "kernel": self.kernel and [list(row) for row in self.kernel],
            "cfa": self.cfa,
            "per_image": list(self.per_image),
        }
        return {
            "scale": self.scale,
            "sigma_255": self.sigma_255,
            "quality": self.quality,
            **{name: value for name, value in newer.items() if value},
        }


def _both(first: T | None, second: T | None, together: Callable[[T, T], T]) -> T | None:
    """What is known of one field after two degradations, either of which may say nothing of it."""
    if first is None or second is None:
        return second if first is None else first
    return together(first, second)


def _convolve(first: Kernel, second: Kernel) -> Kernel:
    from scipy.signal import convolve2d

    return kernel_of(convolve2d(first, second))


def kernel_of(array: Iterable[Iterable[float]]) -> Kernel:
    """Turns a 2-d array into a `Kernel`."""
    return tuple(tuple(float(value) for value in row) for row in array)


def conditions_of(degradation: Any) -> Conditions:
    """What a degradation says of itself.

    That is its `conditions`, or else its parameters of the same names.
    """
    said: Conditions | None = getattr(degradation, "conditions", None)
    named = degradation.params.keys() & {"scale", "sigma_255", "quality", "cfa"}
    return said or Conditions(**{name: degradation.params[name] for name in named})
