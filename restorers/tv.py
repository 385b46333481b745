"""Total variation denoising (Rudin, Osher, Fatemi, Physica D 1992; Chambolle's algorithm, JMIV 2004)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.protocols import Conditions, Restorer, RestorerCard, Task
from restorers._noise import noise_level

if TYPE_CHECKING:
    from harness.images import Image


class TotalVariation(Restorer):
    """scikit-image's Chambolle solver.

    Args:
        device: Only the CPU.
        strength: Weight of the total variation over the standard deviation of the noise.
    """

    card = RestorerCard(
        name="tv",
        tasks=(Task.DENOISE, Task.DEJPEG, Task.BLIND),
        parameters=0,
        licence="BSD-3-Clause",
        paper="Chambolle, JMIV 2004",
        source="skimage.restoration.denoise_tv_chambolle",
    )

    def __init__(self, *, device: str = "cpu", strength: float = 1.0) -> None:
        """Keeps the strength."""
        self.strength = strength

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Denoises (C, H, W)."""
        from skimage.restoration import denoise_tv_chambolle

        weight = max(self.strength * noise_level(image, conditions), 1e-4)
        restored: Image = denoise_tv_chambolle(image, weight=weight, channel_axis=0)
        return restored.astype("float32")
