"""Damage to where things are, defined as in KADID-10k (Lin, Hosu, Saupe 2019).

Results have 8 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from benchmarks.degradations.parameters import (
    Array,
    Between,
    Generator,
    Image,
    Parametrised,
    Rounded,
    Whole,
    degradation,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Places = npt.NDArray[np.int64]


@degradation("jitter")
class Jitter(Rounded):
    """Scatters pixels, five times over.

    Each pixel is fetched from a normally distributed offset by cubic interpolation.

    Args:
        amount: Standard deviation of the offsets in pixels, 0 to 5.
    """

    amount: Annotated[float, Between(0, 5)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        import cv2
        import numpy as np

        height, width = image.shape[1:]
        where = np.mgrid[:height, :width].astype(np.float32)
        result = np.ascontiguousarray(image.transpose(1, 2, 0))
        for _ in range(5):
            offsets = generator.standard_normal(where.shape, dtype=np.float32)
            rows, columns = where + np.float32(self.amount) * offsets
            # mirrored borders would never end on an image that is one pixel wide (OpenCV 5.0)
            result = cv2.remap(
                result, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
            )
        return np.ascontiguousarray(result.reshape(height, width, -1).transpose(2, 0, 1))


@degradation("patches")
class Patches(Rounded):
    """Non-eccentricity patches: squares of 16 pixels are copied over a place up to 16 pixels away.

    An image that is smaller than a patch gets smaller patches.

    Args:
        count: Number of patches, 1 to 1000.
    """

    count: Annotated[int, Whole(1, 1000)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        size, last = _squares(image, 16)
        result = image.copy()
        for _ in range(self.count):
            here = generator.integers(0, last + 1)
            there = (here + generator.integers(-16, 17, 2)).clip(0, last)
            result[_at(there, size)] = image[_at(here, size)]
        return result


@degradation("pixelate")
class Pixelate(Rounded):
    """Shrinks by 0.95 - strength^0.6 and enlarges again, both by nearest neighbours.

    Args:
        strength: 0 to 0.9.
    """

    strength: Annotated[float, Between(0, 0.9)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        import numpy as np

        factor = 0.95 - self.strength**0.6
        for axis in (1, 2):
            side = image.shape[axis]
            small = max(1, round(side * factor))
            kept = ((np.arange(small) + 0.5) * side / small).astype(np.int64)
            image = image.take(kept[((2 * np.arange(side) + 1) * small) // (2 * side)], axis)
        return image


@degradation("quantisation")
class Quantisation(Parametrised):
    """Few levels: values fall into classes of least variance (Otsu's criterion), and become means.

    The values of all planes make one histogram.

    Args:
        levels: Number of classes, 2 to 64.
    """

    levels: Annotated[int, Whole(2, 64)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (C, H, W); `generator` is not used."""
        import numpy as np

        from harness.images import from_uint8, to_uint8

        pixels = to_uint8(image)
        counts = np.bincount(pixels.ravel(), minlength=256).astype(np.float64)
        return from_uint8(_otsu_means(counts, self.levels)[pixels])


def _otsu_means(counts: Array, levels: int) -> npt.NDArray[np.uint8]:
    """The class mean of each value.

    Dynamic programming over a histogram finds the classes of least variance.
    """
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


@degradation("colour-blocks")
class ColourBlocks(Rounded):
    """Squares of 32 pixels in one random colour each, at random places.

    An image that is smaller than a block gets smaller blocks.

    Args:
        count: Number of blocks, 1 to 1000.
    """

    count: Annotated[int, Whole(1, 1000)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        size, last = _squares(image, 32)
        result = image.copy()
        for _ in range(self.count):
            place = _at(generator.integers(0, last + 1), size)
            result[place] = generator.random((image.shape[0], 1, 1), dtype="float32")
        return result


def _squares(image: Image, side: int) -> tuple[Places, Places]:
    """Height and width of squares of `side` pixels in an image, and the last place for one."""
    import numpy as np

    sides = np.array(image.shape[1:])
    size = np.minimum(side, np.maximum(sides // 2, 1))
    return size, sides - size


def _at(place: Places, size: Places) -> tuple[slice, slice, slice]:
    """The square whose top left pixel is at a place, in all planes."""
    (top, left), (bottom, right) = place, place + size
    return slice(None), slice(top, bottom), slice(left, right)
