"""Non-local means (Buades, Coll, Morel, CVPR 2005)."""

from harness.protocols import Conditions, Restorer, RestorerCard, Task
from restorers._arrays import Image
from restorers._classical import noise_level


class NonLocalMeans(Restorer):
    """scikit-image's fast variant: 5x5 patches, 13x13 search window.

    Args:
        device: Only the CPU.
        strength: Filter strength over the standard deviation of the noise.
    """

    card = RestorerCard(
        name="nl-means",
        tasks=(Task.DENOISE, Task.DEJPEG, Task.BLIND),
        parameters=0,
        licence="BSD-3-Clause",
        paper="Buades, Coll, Morel, CVPR 2005",
        source="skimage.restoration.denoise_nl_means",
    )

    def __init__(self, *, device: str = "cpu", strength: float = 0.8) -> None:
        self.strength = strength

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Denoises (C, H, W)."""
        from skimage.restoration import denoise_nl_means

        sigma = noise_level(image, conditions)
        restored: Image = denoise_nl_means(
            image,
            patch_size=5,
            patch_distance=6,
            h=self.strength * sigma,
            sigma=sigma,
            fast_mode=True,
            channel_axis=0,
        )
        # a single plane comes back without its channel
        return restored.astype("float32").reshape(image.shape)
