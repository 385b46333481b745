"""How noisy an image is, for classical denoisers that need to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.images import Image
    from harness.protocols import Conditions


def noise_level(image: Image, conditions: Conditions) -> float:
    """Standard deviation of the noise on the scale of 0-1.

    What the set knows, or the median absolute deviation of the finest wavelet coefficients (Donoho
    & Johnstone 1994), averaged over planes.
    """
    if conditions.sigma_255 is not None:
        return conditions.sigma_255 / 255
    from skimage.restoration import estimate_sigma

    return float(estimate_sigma(image, channel_axis=0, average_sigmas=True))
