"""Versions of one content, with pseudo-scores.

They are degraded, mixed, restored by real restorers, over-sharpened. MOS from the wild alone makes
no scorer of restored images: this is where it learns what restorers do wrong. Degradations,
restorers and full-reference metrics are handed in as objects.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from harness.dri.training.config import VersionConfig
from harness.dri.training.data import SyntheticPairs
from harness.errors import InputError
from harness.images import Image, quantise
from harness.protocols import Conditions, Degradation, Evaluation, Metric, Restorer, Task
from harness.resizing import imresize
from harness.restoring.adaptation import restore_image
from harness.scoring.evaluation import prepare

T = TypeVar("T")

SIGMAS_255 = (10, 15, 25, 35, 50)
QUALITIES = (5, 8, 10, 15, 20, 30, 40, 60)
WHOLE_RGB = Evaluation("rgb")


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a content.

    Attributes:
        kind: What was done to it, for people: `super-resolve x4 dat-light + jpeg 30`.
        image: Float32 (3, S, S) in [0, 1], 8 bits.
    """

    kind: str
    image: Image


class VersionMaker:
    """Makes the versions of contents; a content's depend on (seed, content) alone.

    Args:
        pairs: The clean photographs and degradations.
        restorers: For each task, what restores it.
        degradation: Builds a degradation of its name and parameters.
        metrics: Full-reference metrics, for the pseudo-scores.
        config: Names and numbers.
    """

    def __init__(
        self,
        pairs: SyntheticPairs,
        restorers: Mapping[Task, Sequence[Restorer]],
        degradation: Callable[..., Degradation],
        metrics: Sequence[Metric],
        config: VersionConfig,
    ) -> None:
        self.pairs, self.restorers, self.metrics, self.config = pairs, restorers, metrics, config
        self._noise, self._jpeg, self._blind = (
            partial(degradation, name) for name in (config.noise, config.jpeg, config.blind)
        )

    def make(self, content: int) -> list[Version]:
        """The versions of one content, the reference first."""
        generator = np.random.default_rng([self.pairs.seed, 2_000_000 + content])
        reference = self.pairs.centre(content, self.config.size)
        versions = [Version("reference", reference)]
        families = (
            (self._degraded, self.config.degraded),
            (self._mixed, self.config.mixed),
            (self._enlarged, self.config.enlarged),
            (self._denoised, self.config.denoised),
            (self._decompressed, self.config.decompressed),
            (self._second_order, self.config.second_order),
        )
        for family, count in families:
            for _ in range(count):
                versions += family(reference, generator)
        return versions

    def measure(self, versions: Sequence[Version]) -> Tensor:
        """Values (V, metrics) of versions against the first of them, more is better."""
        reference = versions[0].image
        rows = [
            [_oriented(metric, version.image, reference) for metric in self.metrics]
            for version in versions
        ]
        return torch.tensor(rows, dtype=torch.float64)

    def _degraded(self, reference: Image, generator: np.random.Generator) -> list[Version]:
        chosen = _pick(self.pairs.degradations, generator)
        return [Version(chosen.title, chosen.apply(reference, generator))]

    def _mixed(self, reference: Image, generator: np.random.Generator) -> list[Version]:
        first, second = (_pick(self.pairs.degradations, generator) for _ in range(2))
        image = second.apply(first.apply(reference, generator), generator)
        return [Version(f"{first.title} + {second.title}", image)]

    def _enlarged(self, reference: Image, generator: np.random.Generator) -> list[Version]:
        restorer = _pick(self.restorers[Task.SUPER_RESOLVE], generator)
        own = restorer.card.scales
        scale = _pick([scale for scale in self.config.scales if _factors(scale, own)], generator)
        small = quantise(imresize(reference, 1 / scale))
        kind = f"super-resolve x{scale} {restorer.card.name}"
        # what a restorer makes of input it was not trained on
        if generator.random() < self.config.spoiled:
            if generator.random() < 0.5:
                name, spoil = "noise", self._noise(sigma_255=float(_pick((3, 6, 10), generator)))
            else:
                name, spoil = "jpeg", self._jpeg(quality=_pick((30, 50, 75), generator))
            small, kind = quantise(spoil(small, generator)), f"{name} + {kind}"
        return [self._finish(kind, self._enlarge(restorer, small, scale), generator)]

    def _denoised(self, reference: Image, generator: np.random.Generator) -> list[Version]:
        restorer = _pick(self.restorers[Task.DENOISE], generator)
        sigma_255 = _pick(SIGMAS_255, generator)
        noisy = quantise(self._noise(sigma_255=float(sigma_255))(reference, generator))
        # a wrong idea of the noise over-smooths, or leaves some of it
        believed = sigma_255 * _pick((1.0, 1.0, 0.6, 1.6), generator)
        restored = _restore(restorer, noisy, Conditions(sigma_255=believed))
        kind = f"denoise {sigma_255} as {believed:g} {restorer.card.name}"
        # a name that people's tables do not have: with their score, denoisers were ordered worse
        return [Version(f"noise {sigma_255}", noisy), self._finish(kind, restored, generator)]

    def _decompressed(self, reference: Image, generator: np.random.Generator) -> list[Version]:
        restorer = _pick(self.restorers[Task.DEJPEG], generator)
        quality = _pick(QUALITIES, generator)
        compressed = quantise(self._jpeg(quality=quality)(reference, generator))
        restored = _restore(restorer, compressed, Conditions(quality=quality))
        kind = f"dejpeg {quality} {restorer.card.name}"
        return [Version(f"jpeg {quality}", compressed), Version(kind, restored)]

    def _second_order(self, reference: Image, generator: np.random.Generator) -> list[Version]:
        """What practical super-resolution trains on, enlarged where it shrinks.

        It is Real-ESRGAN's chain.
        """
        restorer = _pick(self.restorers[Task.SUPER_RESOLVE], generator)
        own = restorer.card.scales
        scale = _pick(
            [scale for scale in (1, 2, 4) if scale == 1 or _factors(scale, own)], generator
        )
        kind = self.config.blind
        if scale > 1:
            kind += f" + super-resolve x{scale} {restorer.card.name}"
        small = quantise(self._blind(scale=scale)(reference, generator))
        return [Version(kind, self._enlarge(restorer, small, scale))]

    def _finish(self, kind: str, image: Image, generator: np.random.Generator) -> Version:
        """Sharpens some restored images too far, compresses others on their way to who looks."""
        chance = generator.random()
        if chance < self.config.sharpened:
            kind += " + sharpened"
            image = quantise(sharpen(image, float(generator.uniform(0.7, 3))))
        elif chance < self.config.sharpened + self.config.compressed:
            quality = int(generator.integers(10, 90))
            kind += f" + jpeg {quality}"
            image = quantise(self._jpeg(quality=quality)(image, generator))
        return Version(kind, image)

    @staticmethod
    def _enlarge(restorer: Restorer, image: Image, scale: int) -> Image:
        """By the restorer, and by bicubic interpolation the rest.

        More than once by the restorer where it has no such scale.
        """
        height = scale * image.shape[1]
        for factor in _factors(scale, restorer.card.scales):
            image = _restore(restorer, image, Conditions(scale=factor))
        if image.shape[1] < height:
            image = quantise(imresize(image, height / image.shape[1], rounding="none"))
        return image


def sharpen(image: Image, amount: float, sigma: float = 1.0) -> Image:
    """Unsharp masking: adds `amount` times what a Gaussian of `sigma` pixels takes away.

    Args:
        image: Float32 (3, H, W) in [0, 1].
        amount: 0 changes nothing.
        sigma: Standard deviation in pixels.
    """
    blurred = gaussian_filter(image, (0, sigma, sigma), mode="nearest")
    sharpened: Image = np.clip(image + np.float32(amount) * (image - blurred), 0, 1)
    return sharpened


def _restore(restorer: Restorer, image: Image, conditions: Conditions) -> Image:
    return quantise(restore_image(restorer, image, conditions))


def _oriented(metric: Metric, image: Image, reference: Image) -> float:
    value = metric(*prepare(image, reference, metric.card, WHOLE_RGB, 1)).value
    return value if metric.card.higher_is_better else -value


def _factors(scale: int, own: Sequence[int]) -> list[int]:
    """A restorer's scales, large ones first, whose product divides `scale`.

    None where it has none that does.
    """
    factors = []
    for factor in sorted(own, reverse=True):
        while factor > 1 and scale % factor == 0:
            factors.append(factor)
            scale //= factor
    return factors


def _pick(items: Sequence[T], generator: np.random.Generator) -> T:
    if not items:
        raise InputError(
            "nothing to choose from: the configuration names no restorer for a task of its versions"
        )
    return items[int(generator.integers(len(items)))]
