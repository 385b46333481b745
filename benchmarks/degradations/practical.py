"""The blind degradations that practical super-resolution trains on: many steps, drawn anew.

`draw` makes the chain of one image, with every number in it; the same generator makes the same
chain and then the same pixels. A grey image is degraded as it is.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import pi
from typing import Annotated

from benchmarks.degradations.compression import EightBits, Jpeg
from benchmarks.degradations.parameters import Generator, Image, Parametrised, Whole, degradation
from benchmarks.degradations.sensor import CameraNoise
from benchmarks.degradations.steps import KernelBlur, MixedNoise, Resample
from harness.chain import Chain
from harness.conditions import kernel_of
from harness.protocols import Degradation

METHODS = ("area", "linear", "cubic")


@dataclass(frozen=True, slots=True)
class _Pipeline(Parametrised, ABC):
    """A chain that is drawn for each image and makes it smaller by `scale`."""

    scale: Annotated[int, Whole(1, 8)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (C, H, W) to (C, H / scale, W / scale) of 8 bits."""
        return self.draw(image.shape[1], image.shape[2], generator)(image, generator)

    @abstractmethod
    def draw(self, height: int, width: int, generator: Generator) -> Chain:
        """Draws the chain for one image of a size."""


@degradation("bsrgan")
class Bsrgan(_Pipeline):
    """BSRGAN's degradation (Zhang et al. 2021), in random order.

    It is two blurs, shrinking, noise, JPEG and sensor noise. Blurs are isotropic (sigma 0.1 to
    1.2 * scale, at most 2.8) or anisotropic (0.5 to 4 + scale) Gaussians of 7 to 21 pixels.
    Shrinking goes by a random method, at times over a random size in between. Gaussian noise has a
    sigma of 1 to 25, JPEG a quality of 30 to 95 with probability 3/4, sensor noise comes with
    probability 1/4, and a last JPEG always. Sensor noise is `camera-noise` in place of their
    learned pipeline of a camera.

    Args:
        scale: 1 to 8; 1 keeps the size.
    """

    def draw(self, height: int, width: int, generator: Generator) -> Chain:
        """Draws the chain for one image of a size."""
        noise = _pick(generator, independent=0.4, correlated=0.4, grey=0.2)
        groups: dict[str, list[Degradation]] = {
            "isotropic": [self._blur(generator, isotropic=True)],
            "anisotropic": [self._blur(generator, isotropic=False)],
            "shrink": self._shrink(height, width, generator),
            "noise": [MixedNoise(noise, generator.uniform(1, 25))],
            "jpeg": [_jpeg(generator)] if generator.random() < 0.75 else [],
            "sensor": [CameraNoise(generator.uniform(0.0005, 0.012), 0.0001)]
            if generator.random() < 0.25
            else [],
        }
        order = generator.permutation(list(groups))
        steps = [step for name in order for step in groups[name]]
        return Chain((*steps, _jpeg(generator)))

    def _blur(self, generator: Generator, *, isotropic: bool) -> Degradation:
        from benchmarks.degradations.kernels import gaussian

        radius = int(generator.integers(3, 11))
        if isotropic:
            sigma = generator.uniform(0.1, min(1.2 * max(self.scale, 2), 2.8))
            return KernelBlur(kernel_of(gaussian(sigma, sigma, 0, radius)))
        sigma_x, sigma_y = generator.uniform(0.5, 4 + self.scale, 2)
        return KernelBlur(kernel_of(gaussian(sigma_x, sigma_y, generator.uniform(0, 180), radius)))

    def _shrink(self, height: int, width: int, generator: Generator) -> list[Degradation]:
        method = _any(generator, (*METHODS, "nearest"))
        target = Resample(-(-height // self.scale), -(-width // self.scale), method)
        if generator.random() < 0.5:
            return [target]
        factor = generator.uniform(1 / (2 * self.scale), 1)
        return [_resample(height, width, factor, generator), target]


@degradation("real-esrgan")
class RealEsrgan(_Pipeline):
    """Real-ESRGAN's second-order degradation (Wang et al. 2021).

    Twice: blur, resize, noise, JPEG; the second time milder, with a last sinc filter that rings.
    Probabilities and ranges are the published ones.

    Args:
        scale: 1 to 8; 1 keeps the size.
    """

    def draw(self, height: int, width: int, generator: Generator) -> Chain:
        """Draws the chain for one image of a size."""
        steps: list[Degradation] = [
            _blur(generator, (0.2, 3.0), (0.5, 4.0), (1.0, 2.0)),
            _resample(height, width, _factor(generator, (0.2, 0.7), 0.15, 1.5), generator),
            _noise(generator, (1, 30), (0.05, 3.0)),
            _jpeg(generator),
        ]
        if generator.random() < 0.8:
            steps.append(_blur(generator, (0.2, 1.5), (0.5, 4.0), (1.0, 2.0)))
        factor = _factor(generator, (0.3, 0.4), 0.3, 1.2) / self.scale
        steps.append(_resample(height, width, factor, generator))
        steps.append(_noise(generator, (1, 25), (0.05, 2.5)))
        method = _any(generator, METHODS)
        target = Resample(-(-height // self.scale), -(-width // self.scale), method)
        ringing = [_sinc(generator)] if generator.random() < 0.8 else []
        jpeg = _jpeg(generator)
        if generator.random() < 0.5:
            return Chain((*steps, target, *ringing, jpeg))
        return Chain((*steps, jpeg, target, *ringing, EightBits()))


Range = tuple[float, float]


def _blur(
    generator: Generator, sigma: Range, beta_gaussian: Range, beta_plateau: Range
) -> Degradation:
    """One blur of Real-ESRGAN: of six families of kernels, or with probability 0.1 a sinc."""
    from benchmarks.degradations import kernels

    if generator.random() < 0.1:
        return _sinc(generator)
    radius = int(generator.integers(3, 11))
    family = _pick(generator, gaussian=0.70, generalised=0.15, plateau=0.15)
    isotropic = generator.random() < (0.45 / 0.70 if family == "gaussian" else 0.8)
    sigma_x = generator.uniform(*sigma)
    sigma_y, angle = (
        (sigma_x, 0.0) if isotropic else (generator.uniform(*sigma), generator.uniform(0, 180))
    )
    if family == "gaussian":
        return KernelBlur(kernel_of(kernels.gaussian(sigma_x, sigma_y, angle, radius)))
    low, high = beta_gaussian if family == "generalised" else beta_plateau
    beta = generator.uniform(low, 1) if generator.random() < 0.5 else generator.uniform(1, high)
    make = kernels.generalised if family == "generalised" else kernels.plateau
    return KernelBlur(kernel_of(make(radius, sigma_x, sigma_y, angle, beta)))


def _sinc(generator: Generator) -> Degradation:
    from benchmarks.degradations.kernels import sinc

    radius = int(generator.integers(3, 11))
    cutoff = generator.uniform(pi / 3 if radius < 6 else pi / 5, pi)
    return KernelBlur(kernel_of(sinc(radius, cutoff)))


def _jpeg(generator: Generator) -> Degradation:
    return Jpeg(int(generator.integers(30, 96)))


def _factor(generator: Generator, probabilities: Range, low: float, high: float) -> float:
    """Larger with the first probability, smaller with the second, or the same."""
    up, down = probabilities
    choice = _pick(generator, up=up, down=down, keep=1 - up - down)
    # both are drawn, whichever is taken: what is drawn next does not depend on the choice
    factors = {"up": generator.uniform(1, high), "down": generator.uniform(low, 1), "keep": 1.0}
    return factors[choice]


def _resample(height: int, width: int, factor: float, generator: Generator) -> Degradation:
    size = max(1, round(height * factor)), max(1, round(width * factor))
    return Resample(*size, _any(generator, METHODS))


def _noise(generator: Generator, sigma_255: Range, photons: Range) -> Degradation:
    grey = generator.random() < 0.4
    if generator.random() < 0.5:
        return MixedNoise("grey" if grey else "independent", generator.uniform(*sigma_255))
    return MixedNoise("poisson-grey" if grey else "poisson", generator.uniform(*photons))


def _any(generator: Generator, names: tuple[str, ...]) -> str:
    return names[generator.integers(len(names))]


def _pick(generator: Generator, **probabilities: float) -> str:
    return str(generator.choice(list(probabilities), p=list(probabilities.values())))
