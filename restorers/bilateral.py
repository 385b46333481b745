"""The bilateral filter (Tomasi & Manduchi, ICCV 1998)."""

from harness.protocols import Conditions, Restorer, RestorerCard, Task
from restorers._arrays import Image
from restorers._classical import noise_level


class Bilateral(Restorer):
    """OpenCV's filter; the range follows the noise.

    Args:
        device: Only the CPU.
        strength: Sigma of the range over the standard deviation of the noise.
        sigma_space: Sigma of the domain in pixels.
    """

    card = RestorerCard(
        name="bilateral",
        tasks=(Task.DENOISE, Task.DEJPEG, Task.BLIND),
        parameters=0,
        licence="Apache-2.0",
        paper="Tomasi & Manduchi, ICCV 1998",
        source="cv2.bilateralFilter",
    )

    def __init__(
        self, *, device: str = "cpu", strength: float = 4.0, sigma_space: float = 1.8
    ) -> None:
        self.strength, self.sigma_space = strength, sigma_space

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Filters (C, H, W)."""
        import cv2
        import numpy as np

        sigma_range = max(self.strength * noise_level(image, conditions), 0.02)
        pixels = np.ascontiguousarray(image.transpose(1, 2, 0))
        filtered = np.asarray(cv2.bilateralFilter(pixels, 7, sigma_range, self.sigma_space))
        return np.ascontiguousarray(np.atleast_3d(filtered).transpose(2, 0, 1), dtype=np.float32)
