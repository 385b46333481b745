"""Gaussian noise: as the literature adds it, as a file holds it, with grain, and in colour."""

from typing import Annotated

from benchmarks.degradations.parameters import (
    Between,
    Generator,
    Image,
    Parametrised,
    Rounded,
    check_colour,
    degradation,
)

Sigma255 = Annotated[float, Between(0.001, 255)]


@degradation("gaussian-noise")
class GaussianNoise(Parametrised):
    """Convention E: additive white Gaussian noise, not clipped.

    It is the same noise for every image of a size: `numpy.random.RandomState(0)` is made anew for
    each image and draws (H, W) for a grey image, (H, W, 3) for RGB.

    Args:
        sigma_255: Standard deviation on the 0-255 scale, 0.001 to 255.
    """

    sigma_255: Sigma255

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Adds the noise to (C, H, W); the result is not clipped. `generator` is not used."""
        import numpy as np

        noise = np.random.RandomState(0).randn(*image.shape[1:], image.shape[0]).transpose(2, 0, 1)
        return (image + noise * (self.sigma_255 / 255)).astype(np.float32)


@degradation("gaussian-noise-clipped")
class GaussianNoiseClipped(Rounded):
    """Noise clipped and rounded to 8 bits, drawn anew for each image: what a noisy file holds.

    Args:
        sigma_255: Standard deviation on the 0-255 scale, 0.001 to 255.
    """

    sigma_255: Sigma255

    def _degrade(self, image: Image, generator: Generator) -> Image:
        noise = generator.standard_normal(image.shape) * (self.sigma_255 / 255)
        return (image + noise).astype("float32")


@degradation("correlated-noise")
class CorrelatedNoise(Rounded):
    """Gaussian noise with grain: white noise blurred by a Gaussian and scaled back; 8 bits.

    Args:
        sigma_255: Standard deviation after the blur on the 0-255 scale, 0.001 to 255.
        grain: Sigma of the blur in pixels, 0.3 to 10.
    """

    sigma_255: Sigma255
    grain: Annotated[float, Between(0.3, 10)] = 1.0

    def _degrade(self, image: Image, generator: Generator) -> Image:
        import numpy as np

        from benchmarks.degradations.kernels import convolve, gaussian

        kernel = gaussian(self.grain, self.grain)
        noise = convolve(generator.standard_normal(image.shape, dtype=np.float32), kernel)
        # a sum of independent values with weights w has the variance sum(w^2)
        return image + noise * np.float32(self.sigma_255 / 255 / np.sqrt((kernel**2).sum()))


@degradation("colour-noise")
class ColourNoise(Rounded):
    """White noise in the planes of YCbCr (KADID-10k's "white noise in colour component"); 8 bits.

    Args:
        variance: Of the noise, for values in [0, 1]; 0.000001 to 1.
    """

    variance: Annotated[float, Between(1e-6, 1)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        import numpy as np

        check_colour(image, self.name)
        sigma = np.float32(self.variance**0.5)
        noise = generator.standard_normal(image.shape, dtype=np.float32) * sigma
        # YCbCr to RGB is linear (BT.601 in limited range): noise may be turned round alone
        back = [[1.1644, 0, 1.5960], [1.1644, -0.3918, -0.8130], [1.1644, 2.0172, 0]]
        return image + np.tensordot(np.array(back, dtype=np.float32), noise, axes=1)
