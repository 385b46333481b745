"""Chains that have a name: noise that was compressed, and several distortions of KADID-10k at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.kadid import KADID
from benchmarks.degradations.noise import SIGMA_255, GaussianNoiseClipped
from benchmarks.degradations.parameters import Parametrised, Whole, check_colour
from harness.chain import Chain

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class JpegAfterNoise(Parametrised):
    """Gaussian noise of a file, and then JPEG: noise that is neither white nor Gaussian any more.

    Args:
        sigma_255: Standard deviation of the noise before JPEG, on the 0-255 scale.
        quality: Of JPEG, 1 to 100.
    """

    sigma_255: float
    quality: int
    name: ClassVar[str] = "jpeg-after-noise"
    limits: ClassVar[Mapping[str, Any]] = {"sigma_255": SIGMA_255, "quality": Whole(1, 100)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W); the result has 8 bits."""
        return Chain((GaussianNoiseClipped(self.sigma_255), Jpeg(self.quality)))(image, generator)


@dataclass(frozen=True, slots=True)
class KadidMix(Parametrised):
    """A few distortions of KADID-10k, each of another group and at a random level, in random order.

    Args:
        count: How many, 1 to 7.
    """

    count: int
    name: ClassVar[str] = "kadid-mix"
    limits: ClassVar[Mapping[str, Any]] = {"count": Whole(1, 7)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (3, H, W); the result has 8 bits."""
        from harness.images import quantise

        check_colour(image, self.name)
        return quantise(self.draw(generator)(image, generator))

    def draw(self, generator: np.random.Generator) -> Chain:
        """Draws the chain for one image."""
        groups = list(dict.fromkeys(item.group for item in KADID))
        steps = []
        for number in generator.permutation(len(groups))[: self.count]:
            members = [item for item in KADID if item.group == groups[number]]
            steps.append(
                members[generator.integers(len(members))].build(int(generator.integers(1, 6)))
            )
        return Chain(tuple(steps))
