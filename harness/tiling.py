"""Restores a large image in overlapping tiles that are blended, so that memory stays bounded and no seam shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.recording import record_tile

if TYPE_CHECKING:  # restorers import this module, and `restobench list` imports restorers: numpy stays inside
    import numpy as np
    import numpy.typing as npt

    from harness.images import Image


def tile(function: Callable[[Image], Image], image: Image, *, scale: int, size: int, overlap: int) -> Image:
    """Applies a function tile by tile.

    Where tiles overlap, their results are mixed with weights that rise linearly from a tile's edge.

    Args:
        function: (C, h, w) -> (C, scale * h, scale * w), for any h, w up to `size`.
        image: Float32 (C, H, W).
        scale: Factor by which the function enlarges.
        size: Largest height and width of a tile, in input pixels.
        overlap: Pixels shared by neighbouring tiles, below `size`.

    Returns:
        Float32 (C, scale * H, scale * W).
    """
    import numpy as np

    planes, height, width = image.shape
    if height <= size and width <= size:
        return function(image)
    record_tile(size)
    total = np.zeros((planes, height * scale, width * scale), dtype=np.float32)
    weights = np.zeros((1, height * scale, width * scale), dtype=np.float32)
    for top, bottom in _spans(height, size, overlap):
        for left, right in _spans(width, size, overlap):
            part = function(image[:, top:bottom, left:right])
            ramp = np.outer(_ramp(top, bottom, height, overlap, scale), _ramp(left, right, width, overlap, scale))
            where = np.s_[:, top * scale : bottom * scale, left * scale : right * scale]
            total[where] += part * ramp
            weights[where] += ramp
    return np.divide(total, weights, dtype=np.float32)


def _spans(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Start and end of each tile along one side; all but those of a short side have the full size."""
    if length <= size:
        return [(0, length)]
    step = size - overlap
    starts = [*range(0, length - size, step), length - size]
    return [(start, start + size) for start in starts]


def _ramp(start: int, end: int, length: int, overlap: int, scale: int) -> npt.NDArray[np.float32]:
    """Weights along one side of a tile: linear over the overlap, 1 inside and at the image's own borders."""
    import numpy as np

    positions = np.arange((end - start) * scale, dtype=np.float32) + 0.5
    width = max(overlap * scale, 1)
    rising = np.ones_like(positions) if start == 0 else np.clip(positions / width, 0, 1)
    falling = np.ones_like(positions) if end == length else np.clip(positions[::-1] / width, 0, 1)
    return np.minimum(rising, falling).astype(np.float32)
