"""Total variation denoising (Rudin, Osher, Fatemi, Physica D 1992).

The algorithm is Chambolle's (JMIV 2004).
"""

from harness.protocols import Conditions, Restorer, RestorerCard, Task
from restorers._arrays import Image
from restorers._classical import noise_level


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
        self.strength = strength

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Denoises (C, H, W)."""
        from skimage.restoration import denoise_tv_chambolle

        weight = max(self.strength * noise_level(image, conditions), 1e-4)
        restored: Image = denoise_tv_chambolle(image, weight=weight, channel_axis=0)
        return restored.astype("float32")
