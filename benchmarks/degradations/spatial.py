"""Damage to where things are. Definitions are those of KADID-10k (Lin, Hosu, Saupe 2019); results have 8 bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import Between, Parametrised, Whole

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class Jitter(Parametrised):
    """Scatters pixels: five times over, each is fetched from a normally distributed offset by cubic interpolation.

    Args:
        amount: Standard deviation of the offsets in pixels, 0 to 5.
    """

    amount: float
    name: ClassVar[str] = "jitter"
    limits: ClassVar[Mapping[str, Any]] = {"amount": Between(0, 5)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W)."""
        import cv2
        import numpy as np

        from harness.images import quantise

        height, width = image.shape[1:]
        where = np.mgrid[:height, :width].astype(np.float32)
        result = np.ascontiguousarray(image.transpose(1, 2, 0))
        for _ in range(5):
            rows, columns = where + np.float32(self.amount) * generator.standard_normal(
                where.shape, dtype=np.float32
            )
            # mirrored borders would never end on an image that is one pixel wide (OpenCV 5.0)
            result = cv2.remap(
                result, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
            )
        return quantise(np.ascontiguousarray(result.reshape(height, width, -1).transpose(2, 0, 1)))


@dataclass(frozen=True, slots=True)
class Patches(Parametrised):
    """Non-eccentricity patches: squares of 16 pixels are copied over a place up to 16 pixels away.

    Args:
        count: Number of patches, 1 to 1000.
    """

    count: int
    name: ClassVar[str] = "patches"
    limits: ClassVar[Mapping[str, Any]] = {"count": Whole(1, 1000)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W); an image that is smaller than a patch gets smaller patches."""
        import numpy as np

        from harness.images import quantise

        sides = np.array(image.shape[1:])
        size = np.minimum(16, np.maximum(sides // 2, 1))
        result = image.copy()
        for _ in range(self.count):
            here = generator.integers(0, sides - size + 1)
            there = np.clip(here + generator.integers(-16, 17, 2), 0, sides - size)
            patch = image[:, here[0] : here[0] + size[0], here[1] : here[1] + size[1]]
            result[:, there[0] : there[0] + size[0], there[1] : there[1] + size[1]] = patch
        return quantise(result)


@dataclass(frozen=True, slots=True)
class Pixelate(Parametrised):
    """Shrinks by 0.95 - strength^0.6 and enlarges again, both by nearest neighbours.

    Args:
        strength: 0 to 0.9.
    """

    strength: float
    name: ClassVar[str] = "pixelate"
    limits: ClassVar[Mapping[str, Any]] = {"strength": Between(0, 0.9)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        import numpy as np

        from harness.images import quantise

        factor = 0.95 - self.strength**0.6
        result = image
        for axis in (1, 2):
            side = image.shape[axis]
            small = max(1, round(side * factor))
            kept = ((np.arange(small) + 0.5) * side / small).astype(np.int64)
            result = result.take(kept[((2 * np.arange(side) + 1) * small) // (2 * side)], axis)
        return quantise(result)


@dataclass(frozen=True, slots=True)
class Quantisation(Parametrised):
    """Few levels: the values of all planes fall into classes of least variance (Otsu's criterion), and become means.

    Args:
        levels: Number of classes, 2 to 64.
    """

    levels: int
    name: ClassVar[str] = "quantisation"
    limits: ClassVar[Mapping[str, Any]] = {"levels": Whole(2, 64)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        import numpy as np

        from harness.images import from_uint8, to_uint8

        pixels = to_uint8(image)
        counts = np.bincount(pixels.ravel(), minlength=256).astype(np.float64)
        return from_uint8(_otsu_means(counts, self.levels)[pixels])


def _otsu_means(counts: npt.NDArray[np.float64], levels: int) -> npt.NDArray[np.uint8]:
    """The class mean of each value: dynamic programming over a histogram finds the classes of least variance."""
    import numpy as np

    values = np.arange(len(counts))
    number, total, square = (
        np.concatenate([[0], np.cumsum(counts * values**power)]) for power in (0, 1, 2)
    )
    # of values [row, column)
    n, s, q = (item[None] - item[:, None] for item in (number, total, square))
    spread = q - s**2 / np.maximum(n, 1)
    spread[np.tril_indices(len(spread), -1)] = np.inf
    best, cuts = spread[0], []
    for _ in range(levels - 1):
        options = best[:, None] + spread
        cuts.append(options.argmin(axis=0))
        best = options.min(axis=0)
    edges = [len(counts)]
    for cut in reversed(cuts):
        edges.append(int(cut[edges[-1]]))
    means = np.zeros(len(counts))
    for high, low in zip(edges, [*edges[1:], 0], strict=True):
        if high > low:
            means[low:high] = s[low, high] / max(n[low, high], 1)
    return np.asarray(np.rint(means), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class ColourBlocks(Parametrised):
    """Squares of 32 pixels in one random colour each, at random places.

    Args:
        count: Number of blocks, 1 to 1000.
    """

    count: int
    name: ClassVar[str] = "colour-blocks"
    limits: ClassVar[Mapping[str, Any]] = {"count": Whole(1, 1000)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W); an image that is smaller than a block gets smaller blocks."""
        import numpy as np

        from harness.images import quantise

        sides = np.array(image.shape[1:])
        size = np.minimum(32, np.maximum(sides // 2, 1))
        result = image.copy()
        for _ in range(self.count):
            top, left = generator.integers(0, sides - size + 1)
            colour = generator.random((image.shape[0], 1, 1), dtype=np.float32)
            result[:, top : top + size[0], left : left + size[1]] = colour
        return quantise(result)
