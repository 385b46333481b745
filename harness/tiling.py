"""Restores a large image in overlapping tiles.

They are blended, so that memory stays bounded and no seam shows.
"""

from __future__ import annotations

import gc
import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.recording import record_tile

# restorers import this module, and `restobench list` imports restorers: numpy stays inside
if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from harness.images import Image

    Weights = npt.NDArray[np.float32]
    Span = tuple[int, int, Weights]

_OUT_OF_MEMORY = (
    "out of memory", "not enough memory", "allocate memory", "bad_alloc", "bad allocation",
    "insufficient memory",
)  # fmt: skip


def tile(
    function: Callable[[Image], Image],
    image: Image,
    *,
    scale: int,
    size: int,
    overlap: int,
    multiple: int = 1,
) -> Image:
    """Applies a function tile by tile, or to the whole image if that is no larger than a tile.

    Where tiles overlap, their results are mixed with weights that rise linearly from a tile's edge.
    If memory runs out, those of an image are halved while they are larger than two overlaps.

    Args:
        function: (C, h, w) -> (C, scale * h, scale * w), for any h, w with h * w <= size * size.
        image: Float32 (C, H, W), or a batch (N, C, H, W): the function is given tiles of all.
        scale: Factor by which it enlarges.
        size: A tile has at most `size` x `size` pixels of the input, and is longer in a narrow one.
        overlap: Pixels shared by neighbouring tiles, below `size`.
        multiple: Sides of tiles are multiples of this if those of the image are.

    Returns:
        Float32 (C, scale * H, scale * W); of a batch (N, C, scale * H, scale * W).

    Raises:
        MemoryError: And its kin, when the smallest tile is still too large.
    """
    size = min(size, math.isqrt(image.shape[-2] * image.shape[-1] - 1) + 1)
    while True:
        try:
            return _restore(function, image, scale, size, overlap, multiple)
        except Exception as error:
            too_small = size // 2 <= max(2 * overlap, multiple)
            if too_small or image.ndim > 3 or not is_out_of_memory(error):
                raise
        _let_go()  # out here nothing of the failed attempt is referred to any more
        size //= 2


def _let_go() -> None:
    gc.collect()
    if (torch := sys.modules.get("torch")) and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out.

    It may be Python's own, torch's, or that of a library in C++.
    """
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (
            isinstance(error, Exception)
            and any(words in str(error).lower() for words in _OUT_OF_MEMORY)
        )
    )


def _restore(
    function: Callable[[Image], Image],
    image: Image,
    scale: int,
    size: int,
    overlap: int,
    multiple: int,
) -> Image:
    import numpy as np

    *outer, height, width = image.shape
    if height * width <= size * size:
        return function(image)
    record_tile(size)
    rows, columns = _sides(height, width, size, multiple)
    overlap += -overlap % multiple
    down, weights_down = _cut(height, rows, overlap, scale)
    across, weights_across = _cut(width, columns, overlap, scale)
    total = np.zeros((*outer, height * scale, width * scale), dtype=np.float32)
    for top, bottom, vertical in down:
        for left, right, horizontal in across:
            part = function(np.ascontiguousarray(image[..., top:bottom, left:right]))
            ramp = vertical[:, None] * horizontal
            total[..., top * scale : bottom * scale, left * scale : right * scale] += part * ramp
    # the sum of all weights at a pixel is a product, since the tiles are a grid
    total /= weights_down[:, None]
    total /= weights_across
    return total


def _sides(height: int, width: int, size: int, multiple: int) -> tuple[int, int]:
    """Height and width of a tile: square, or as long as the budget allows along a narrow image."""
    rows = min(height, size)
    columns = min(width, size * size // rows)
    rows = min(height, size * size // columns)
    return (max(rows - rows % multiple, multiple), max(columns - columns % multiple, multiple))


def _cut(length: int, size: int, overlap: int, scale: int) -> tuple[list[Span], Weights]:
    """Cuts one side into tiles; all but the tile of a short side have the full size.

    Returns:
        Start, end and weights of each tile, linear over the overlap, 1 inside and at the image's
        own borders; and the sum of the weights.
    """
    import numpy as np

    spans, total = [], np.zeros(length * scale, dtype=np.float32)
    width = max(overlap * scale, 1)
    for start in (*range(0, length - size, max(size - overlap, 1)), max(length - size, 0)):
        end = min(start + size, length)
        positions = np.arange((end - start) * scale, dtype=np.float32) + 0.5
        rising = np.ones_like(positions) if start == 0 else np.clip(positions / width, 0, 1)
        falling = (
            np.ones_like(positions) if end == length else np.clip(positions[::-1] / width, 0, 1)
        )
        weights = np.minimum(rising, falling).astype(np.float32)
        total[start * scale : end * scale] += weights
        spans.append((start, end, weights))
    return spans, total
