"""Chains that have a name: compressed noise, and several distortions of KADID-10k at once."""

from typing import Annotated

from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.kadid import KADID
from benchmarks.degradations.noise import GaussianNoiseClipped, Sigma255
from benchmarks.degradations.parameters import (
    Generator,
    Image,
    Parametrised,
    Rounded,
    Whole,
    check_colour,
    degradation,
)
from harness.chain import Chain


@degradation("jpeg-after-noise")
class JpegAfterNoise(Parametrised):
    """Gaussian noise of a file, and then JPEG: noise that is neither white nor Gaussian any more.

    Args:
        sigma_255: Standard deviation of the noise before JPEG, on the 0-255 scale.
        quality: Of JPEG, 1 to 100.
    """

    sigma_255: Sigma255
    quality: Annotated[int, Whole(1, 100)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (C, H, W); the result has 8 bits."""
        return Chain((GaussianNoiseClipped(self.sigma_255), Jpeg(self.quality)))(image, generator)


@degradation("kadid-mix")
class KadidMix(Rounded):
    """A few distortions of KADID-10k, each of another group and at a random level, in random order.

    Args:
        count: How many, 1 to 7.
    """

    count: Annotated[int, Whole(1, 7)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        check_colour(image, self.name)
        return self.draw(generator)(image, generator)

    def draw(self, generator: Generator) -> Chain:
        """Draws the chain for one image."""
        groups = list(dict.fromkeys(item.group for item in KADID))
        steps = []
        for number in generator.permutation(len(groups))[: self.count]:
            members = [item for item in KADID if item.group == groups[number]]
            distortion = members[generator.integers(len(members))]
            steps.append(distortion.build(int(generator.integers(1, 6))))
        return Chain(tuple(steps))
