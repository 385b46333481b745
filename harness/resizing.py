"""MATLAB's `imresize`, to the last bit: what super-resolution benchmarks are made with."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.images import Image, levels


def _cubic(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Keys' cubic convolution kernel with a = -0.5 (Keys 1981, eq. 15)."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


def _taps(size: int, scale: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Weights and source indices (out_size, taps) of one pass of `imresize`.

    It is symmetric at the edges.
    """
    shrink = min(scale, 1.0)
    width = 4.0 / shrink
    centre = ((np.arange(np.ceil(size * scale)) + 0.5) / scale - 0.5)[:, None]
    indices = np.floor(centre - width / 2) + np.arange(np.ceil(width) + 2)
    weights = shrink * _cubic(shrink * (centre - indices))
    weights /= weights.sum(axis=1, keepdims=True)
    mirror = np.concatenate([np.arange(size), np.arange(size)[::-1]])
    return weights, mirror[np.mod(indices.astype(np.int64), 2 * size)]


def imresize(image: Image, scale: float, *, rounding: Literal["uint8", "none"] = "uint8") -> Image:
    """Resizes as MATLAB's `imresize(..., 'bicubic')` does: antialiased when shrinking.

    It is convention A (docs/conventions.md).

    Args:
        image: (C, H, W). With `rounding="uint8"` in [0, 1].
        scale: Output size over input size, such as 0.5; the output has ceil(scale * side) pixels.
        rounding: `uint8` rounds between the passes and at the end, which is what MATLAB does on
            uint8 input: bit-exact. `none` keeps float64 inside and neither rounds nor clips, which
            is what it does on double input.

    Returns:
        Float32 (C, ceil(scale * H), ceil(scale * W)).
    """
    rounded = rounding == "uint8"
    result = (levels(image) if rounded else image).astype(np.float64)
    for axis in (1, 2):  # rows first
        weights, indices = _taps(result.shape[axis], scale)
        moved = np.moveaxis(result, axis, -1)
        taps = zip(indices.T, weights.T, strict=True)
        resized = np.asarray(sum(moved[..., index] * weight for index, weight in taps))
        result = np.moveaxis(resized, -1, axis)
        if rounded:
            # MATLAB rounds halves away from zero; values are not negative after the clip
            result = np.floor(np.clip(result, 0, 255) + 0.5)
    return np.ascontiguousarray(result / 255.0 if rounded else result, dtype=np.float32)
