"""What a denoiser leaves behind: smeared texture and patches of noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import Between, Parametrised

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class DenoisedNoise(Parametrised):
    """Gaussian noise, and then OpenCV's non-local means over it; 8 bits.

    KADID-10k denoises with DnCNN, whose weights may not travel with us; the noise is KADID's.

    Args:
        variance: Of the noise, for values in [0, 1]; 0.00001 to 0.1.
    """

    variance: float
    name: ClassVar[str] = "denoised-noise"
    limits: ClassVar[Mapping[str, Any]] = {"variance": Between(1e-5, 0.1)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W)."""
        import cv2
        import numpy as np

        from harness.images import from_uint8, to_uint8

        sigma = self.variance**0.5
        noisy = to_uint8(
            image + np.float32(sigma) * generator.standard_normal(image.shape, dtype=np.float32)
        )
        denoised = cv2.fastNlMeansDenoising(noisy, None, 255 * sigma, 3, 7)
        return from_uint8(denoised.reshape(noisy.shape))
