"""What a denoiser leaves behind: smeared texture and patches of noise."""

from typing import Annotated

from benchmarks.degradations.parameters import Between, Generator, Image, Parametrised, degradation


@degradation("denoised-noise")
class DenoisedNoise(Parametrised):
    """Gaussian noise, and then OpenCV's non-local means over it; 8 bits.

    KADID-10k denoises with DnCNN, whose weights may not travel with us; the noise is KADID's.

    Args:
        variance: Of the noise, for values in [0, 1]; 0.00001 to 0.1.
    """

    variance: Annotated[float, Between(1e-5, 0.1)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (C, H, W)."""
        import cv2

        from harness.images import from_uint8, to_uint8

        sigma = self.variance**0.5
        noise = generator.standard_normal(image.shape, dtype="float32")
        noisy = to_uint8(image + sigma * noise)
        denoised = cv2.fastNlMeansDenoising(noisy, None, 255 * sigma, 3, 7)
        return from_uint8(denoised.reshape(noisy.shape))
