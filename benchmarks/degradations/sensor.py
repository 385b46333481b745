"""Light and its noise: photons, sensors, exposure. Results have 8 bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import Between, Parametrised

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image

SHOT, READ = Between(0, 0.5), Between(0, 0.1)


@dataclass(frozen=True, slots=True)
class PoissonNoise(Parametrised):
    """Photon noise: Poisson(x * peak) / peak.

    Args:
        peak: Photons that make white, 0.1 to 100000; fewer are worse.
    """

    peak: float
    name: ClassVar[str] = "poisson-noise"
    limits: ClassVar[Mapping[str, Any]] = {"peak": Between(0.1, 100000)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W)."""
        import numpy as np

        from harness.images import quantise

        return quantise(
            (generator.poisson(np.clip(image, 0, 1) * self.peak) / self.peak).astype(np.float32)
        )


@dataclass(frozen=True, slots=True)
class PoissonGaussianNoise(Parametrised):
    """Photon noise and the sensor's own: Poisson(x * peak) / peak + N(0, read_255 / 255) (Foi et al. 2008).

    Args:
        peak: Photons that make white, 0.1 to 100000; fewer are worse.
        read_255: Standard deviation of the Gaussian part on the 0-255 scale, 0 to 100.
    """

    peak: float
    read_255: float
    name: ClassVar[str] = "poisson-gaussian-noise"
    limits: ClassVar[Mapping[str, Any]] = {
        "peak": Between(0.1, 100000),
        "read_255": Between(0, 100),
    }

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W)."""
        import numpy as np

        from harness.images import quantise

        photons = generator.poisson(np.clip(image, 0, 1) * self.peak) / self.peak
        noise = generator.standard_normal(image.shape) * (self.read_255 / 255)
        return quantise((photons + noise).astype(np.float32))


@dataclass(frozen=True, slots=True)
class CameraNoise(Parametrised):
    """Sensor noise in linear light: variance shot * x + read, between the curves of sRGB (Brooks et al. 2019).

    Their cameras have shot from 0.0001 to 0.012, and read about 2.18 * log(shot) + 1.2 in
    logarithms.

    Args:
        shot: Variance per unit of linear light, 0 to 0.5.
        read: Variance of the dark, 0 to 0.1.
    """

    shot: float = 0.01
    read: float = 0.0001
    name: ClassVar[str] = "camera-noise"
    limits: ClassVar[Mapping[str, Any]] = {"shot": SHOT, "read": READ}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W)."""
        return develop(expose(linearise(image), self.shot, self.read, generator))


@dataclass(frozen=True, slots=True)
class Exposure(Parametrised):
    """More or less light: linear light is multiplied by 2^stops and clipped.

    Args:
        stops: -10 (dark) to 10 (burnt out); 0 is no change.
    """

    stops: float
    name: ClassVar[str] = "exposure"
    limits: ClassVar[Mapping[str, Any]] = {"stops": Between(-10, 10)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        return develop(linearise(image) * 2**self.stops)


@dataclass(frozen=True, slots=True)
class LowLight(Parametrised):
    """A photograph in the dark: light is divided by 2^stops, and then has the noise of a sensor.

    Args:
        stops: How much too dark, 0 to 10.
        shot: As in `camera-noise`.
        read: As in `camera-noise`.
    """

    stops: float
    shot: float = 0.003
    read: float = 0.00001
    name: ClassVar[str] = "low-light"
    limits: ClassVar[Mapping[str, Any]] = {"stops": Between(0, 10), "shot": SHOT, "read": READ}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
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
    return quantise(
        np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055).astype(np.float32)
    )


def expose(light: Image, shot: float, read: float, generator: np.random.Generator) -> Image:
    """Adds noise of variance shot * x + read to linear light."""
    import numpy as np

    spread = np.sqrt(shot * light + read)
    return np.asarray(light + spread * generator.standard_normal(light.shape), dtype=np.float32)
