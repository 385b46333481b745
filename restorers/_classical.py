"""What classical methods have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.protocols import Restorer
from restorers._arrays import Image

if TYPE_CHECKING:
    from harness.protocols import Conditions


class Classical(Restorer):
    """A method without weights and settings, which runs on the CPU."""

    def __init__(self, *, device: str = "cpu") -> None:
        """Needs no device."""


def noise_level(image: Image, conditions: Conditions) -> float:
    """Standard deviation of the noise on the scale of 0-1.

    What the set knows, or the median absolute deviation of the finest wavelet coefficients (Donoho
    & Johnstone 1994), averaged over planes.
    """
    if conditions.sigma_255 is not None:
        return conditions.sigma_255 / 255
    from skimage.restoration import estimate_sigma

    return float(estimate_sigma(image, channel_axis=0, average_sigmas=True))
