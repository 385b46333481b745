"""Light and its noise: photons, sensors, exposure. Results have 8 bits."""

from typing import Annotated

from benchmarks.degradations.parameters import (
    Between,
    Generator,
    Image,
    Parametrised,
    Rounded,
    degradation,
)

Peak = Annotated[float, Between(0.1, 100000)]
Shot = Annotated[float, Between(0, 0.5)]
Read = Annotated[float, Between(0, 0.1)]


@degradation("poisson-noise")
class PoissonNoise(Rounded):
    """Photon noise: Poisson(x * peak) / peak.

    Args:
        peak: Photons that make white, 0.1 to 100000; fewer are worse.
    """

    peak: Peak

    def _degrade(self, image: Image, generator: Generator) -> Image:
        return (generator.poisson(image.clip(0, 1) * self.peak) / self.peak).astype("float32")


@degradation("poisson-gaussian-noise")
class PoissonGaussianNoise(Rounded):
    """Photon noise and the sensor's own (Foi et al. 2008).

    x becomes Poisson(x * peak) / peak + N(0, read_255 / 255).

    Args:
        peak: Photons that make white, 0.1 to 100000; fewer are worse.
        read_255: Standard deviation of the Gaussian part on the 0-255 scale, 0 to 100.
    """

    peak: Peak
    read_255: Annotated[float, Between(0, 100)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        photons = generator.poisson(image.clip(0, 1) * self.peak) / self.peak
        noise = generator.standard_normal(image.shape) * (self.read_255 / 255)
        return (photons + noise).astype("float32")


@degradation("camera-noise")
class CameraNoise(Parametrised):
    """Sensor noise in linear light, between the curves of sRGB (Brooks et al. 2019).

    Its variance is shot * x + read. Their cameras have shot from 0.0001 to 0.012, and read about
    2.18 * log(shot) + 1.2 in logarithms.

    Args:
        shot: Variance per unit of linear light, 0 to 0.5.
        read: Variance of the dark, 0 to 0.1.
    """

    shot: Shot = 0.01
    read: Read = 0.0001

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (C, H, W)."""
        return develop(expose(linearise(image), self.shot, self.read, generator))


@degradation("exposure")
class Exposure(Parametrised):
    """More or less light: linear light is multiplied by 2^stops and clipped.

    Args:
        stops: -10 (dark) to 10 (burnt out); 0 is no change.
    """

    stops: Annotated[float, Between(-10, 10)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        return develop(linearise(image) * 2**self.stops)


@degradation("low-light")
class LowLight(Parametrised):
    """A photograph in the dark: light is divided by 2^stops, and then has the noise of a sensor.

    Args:
        stops: How much too dark, 0 to 10.
        shot: As in `camera-noise`.
        read: As in `camera-noise`.
    """

    stops: Annotated[float, Between(0, 10)]
    shot: Shot = 0.003
    read: Read = 0.00001

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (C, H, W)."""
        return develop(expose(linearise(image) / 2**self.stops, self.shot, self.read, generator))


def linearise(image: Image) -> Image:
    """Takes the curve of sRGB (IEC 61966-2-1) off values in [0, 1]."""
    import numpy as np

    x = np.clip(image, 0, 1)
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4).astype(np.float32)


def develop(light: Image) -> Image:
    """Clips linear light to [0, 1], puts the curve of sRGB on it, and rounds to 8 bits."""
    import numpy as np

    from harness.images import quantise

    x = np.clip(light, 0, 1)
    curved = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    return quantise(curved.astype(np.float32))


def expose(light: Image, shot: float, read: float, generator: Generator) -> Image:
    """Adds noise of variance shot * x + read to linear light."""
    import numpy as np

    spread = np.sqrt(shot * light + read)
    return np.asarray(light + spread * generator.standard_normal(light.shape), dtype=np.float32)
