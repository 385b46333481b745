"""Point spread functions: float64 arrays of odd height and width that sum to 1, and convolution with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from harness.images import Image

    Array = npt.NDArray[np.float64]


def convolve(image: Image, kernel: Array) -> Image:
    """Convolves each plane of (C, H, W); the borders are mirrored without repeating the edge."""
    import cv2
    import numpy as np

    flipped = np.ascontiguousarray(kernel[::-1, ::-1])  # OpenCV correlates
    planes = [cv2.filter2D(plane, -1, flipped, borderType=cv2.BORDER_REFLECT_101) for plane in image]
    return np.asarray(np.stack(planes), dtype=np.float32)


def grid(radius: int) -> tuple[Array, Array]:
    """Rows and columns of a square of side 2 * radius + 1, counted from its centre."""
    import numpy as np

    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float64)
    return rows, columns


def elliptic(radius: int, sigma_x: float, sigma_y: float, angle: float) -> Array:
    """Squared distances from the centre in units of the two sigmas, (2 * radius + 1) squared.

    Args:
        radius: The square's half side.
        sigma_x: Of the axis that points in the direction of `angle`.
        sigma_y: Of the other axis.
        angle: Degrees, counter-clockwise from the right.
    """
    import numpy as np

    rows, columns = grid(radius)
    turn = np.deg2rad(angle)
    along = columns * np.cos(turn) - rows * np.sin(turn)
    across = columns * np.sin(turn) + rows * np.cos(turn)
    squares: Array = (along / sigma_x) ** 2 + (across / sigma_y) ** 2
    return squares


def gaussian(sigma_x: float, sigma_y: float, angle: float = 0.0, radius: int | None = None) -> Array:
    """An anisotropic Gaussian, cut at 4 sigma of its longer axis if no radius is given."""
    import numpy as np

    radius = int(4 * max(sigma_x, sigma_y) + 0.5) if radius is None else radius
    return normalise(np.exp(-0.5 * elliptic(radius, sigma_x, sigma_y, angle)))


def disk(radius: float) -> Array:
    """A uniform disk, as a lens out of focus makes it; a pixel at its rim weighs what the disk covers of it."""
    import numpy as np

    parts = 16  # each pixel is looked at in 16 x 16 places
    half = int(np.ceil(radius - 0.5))
    places = (np.arange((2 * half + 1) * parts) + 0.5) / parts - half - 0.5
    inside = places[:, None] ** 2 + places[None] ** 2 <= radius**2
    side = 2 * half + 1
    return normalise(inside.reshape(side, parts, side, parts).mean(axis=(1, 3)))


def line(length: float, angle: float) -> Array:
    """A straight stroke: the weight of a pixel is 1 less its distance from the segment, as MATLAB's `fspecial` has it.

    Args:
        length: Pixels; the segment is 1 shorter, so that 1 is no blur.
        angle: Degrees, counter-clockwise from the right.
    """
    import numpy as np

    half = (max(length, 1.0) - 1) / 2
    rows, columns = grid(int(np.ceil(half)))
    turn = np.deg2rad(angle)
    along = columns * np.cos(turn) - rows * np.sin(turn)
    across = columns * np.sin(turn) + rows * np.cos(turn)
    distance = np.hypot(across, np.maximum(np.abs(along) - half, 0))
    return normalise(np.maximum(1 - distance, 0))


def normalise(kernel: Array) -> Array:
    """Divides by the sum."""
    normalised: Array = kernel / kernel.sum()
    return normalised
