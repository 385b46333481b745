"""What a study shows: windows of images, and pictures that are clearly worse."""

from collections.abc import Sequence

import numpy as np

from harness.images import Image

_BLOCK = 8
"""Pixels a side of the blocks of a spoilt picture, which nobody overlooks."""


def differing_window(images: Sequence[Image], side: int) -> tuple[int, int, int, int]:
    """The square window where pictures differ most from one another.

    Args:
        images: Of one size (C, H, W).
        side: Pixels of the window; it is cut off where an image has fewer.

    Returns:
        Top, left, height and width.
    """
    height, width = images[0].shape[1:]
    rows, columns = min(side, height), min(side, width)
    grey = np.stack([image.mean(axis=0) for image in images])
    interest = grey.var(axis=0) if len(images) > 1 else np.abs(np.gradient(grey[0])).sum(axis=0)
    sums = np.pad(interest.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    windows = (
        sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns]
        + sums[:-rows, :-columns]
    )  # fmt: skip
    top, left = np.unravel_index(int(np.argmax(windows)), windows.shape)
    return int(top), int(left), rows, columns


def cut(image: Image, window: tuple[int, int, int, int], frame: tuple[int, int]) -> Image:
    """Cuts a window of a frame (H, W) out of an image that may be smaller by some factor."""
    scales = [own / whole for own, whole in zip(image.shape[1:], frame, strict=True)]
    top, left, rows, columns = window
    first = [int(edge * scale) for edge, scale in zip((top, left), scales, strict=True)]
    size = [
        max(1, round(edge * scale)) for edge, scale in zip((rows, columns), scales, strict=True)
    ]
    return image[:, first[0] : first[0] + size[0], first[1] : first[1] + size[1]]


def spoil(image: Image) -> Image:
    """Replaces every block of 8 x 8 pixels by its mean."""
    planes, height, width = image.shape
    pad = ((0, 0), (0, -height % _BLOCK), (0, -width % _BLOCK))
    padded = np.pad(image, pad, mode="edge")
    rows, columns = padded.shape[1] // _BLOCK, padded.shape[2] // _BLOCK
    means = padded.reshape(planes, rows, _BLOCK, columns, _BLOCK).mean(axis=(2, 4), keepdims=True)
    spoilt = np.broadcast_to(means, (planes, rows, _BLOCK, columns, _BLOCK)).reshape(padded.shape)
    return np.ascontiguousarray(spoilt[:, :height, :width], dtype=np.float32)
