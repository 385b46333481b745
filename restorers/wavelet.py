"""Wavelet shrinkage (BayesShrink: Chang, Yu, Vetterli, IEEE TIP 2000)."""

from harness.protocols import Conditions, RestorerCard, Task
from restorers._arrays import Image
from restorers._classical import Classical, noise_level


class Wavelet(Classical):
    """scikit-image's BayesShrink with soft thresholds on a Daubechies-2 basis.

    It is averaged over 4 shifts.
    """

    card = RestorerCard(
        name="wavelet",
        tasks=(Task.DENOISE, Task.DEJPEG, Task.BLIND),
        parameters=0,
        licence="BSD-3-Clause",
        paper="Chang, Yu, Vetterli, IEEE TIP 2000",
        source="skimage.restoration.denoise_wavelet",
    )

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Denoises (C, H, W); the planes of RGB are shrunk in YCbCr."""
        import numpy as np
        from skimage.restoration import denoise_wavelet

        sigma = max(noise_level(image, conditions), 1e-6)
        colour = image.shape[0] == 3
        clipped = np.clip(image, 0, 1)
        shifts = [(0, 0), (0, 1), (1, 0), (1, 1)]
        total = np.zeros_like(image)
        for shift in shifts:
            moved = np.roll(clipped, shift, axis=(1, 2))
            shrunk = denoise_wavelet(
                moved,
                sigma=None if colour else sigma,
                wavelet="db2",
                channel_axis=0,
                convert2ycbcr=colour,
                rescale_sigma=True,
            )
            total += np.roll(shrunk, (-shift[0], -shift[1]), axis=(1, 2)).astype(np.float32)
        return total / np.float32(len(shifts))
