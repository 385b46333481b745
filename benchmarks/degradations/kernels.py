"""Point spread functions: float64 arrays of odd height and width that sum to 1, and convolution with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from harness.conditions import Kernel, kernel_of

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
    planes = [
        cv2.filter2D(plane, -1, flipped, borderType=cv2.BORDER_REFLECT_101) for plane in image
    ]
    return np.asarray(np.stack(planes), dtype=np.float32)


@lru_cache(maxsize=64)
def told(make: Callable[..., Array], *arguments: float) -> Kernel:
    """The kernel that a function of this module makes, as restorers are told it; a set is asked for it often."""
    return kernel_of(make(*arguments))


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


def gaussian(
    sigma_x: float, sigma_y: float, angle: float = 0.0, radius: int | None = None
) -> Array:
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


def shake(size: int, generator: np.random.Generator) -> Array:
    """The path of a camera in an unsteady hand: a random walk with inertia, (size, size), centred by its mean.

    In the manner of Boracchi and Foi (2012), with kernels like those that Levin et al. (2009)
    measured.

    Args:
        size: Odd height and width.
        generator: Draws the path.
    """
    import numpy as np

    steps = 500
    speed = np.zeros(2)
    path = np.zeros((steps, 2))
    for index in range(1, steps):
        push = generator.standard_normal(2) * (8 if generator.random() < 0.005 else 0.2)
        speed = 0.97 * speed + push  # inertia, a tremor, and a jerk now and then
        path[index] = path[index - 1] + speed
    path -= path.mean(axis=0)
    path *= (size // 2 - 0.5) / np.abs(path).max()
    kernel = np.zeros((size, size))
    corner = np.floor(path).astype(int)
    part = path - corner
    for row, column in (
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ):  # each moment lights its four nearest pixels
        weight = np.abs(1 - row - part[:, 0]) * np.abs(1 - column - part[:, 1])
        np.add.at(
            kernel, (corner[:, 0] + size // 2 + row, corner[:, 1] + size // 2 + column), weight
        )
    return normalise(kernel)


def generalised(radius: int, sigma_x: float, sigma_y: float, angle: float, beta: float) -> Array:
    """A generalised Gaussian exp(-q^beta / 2), q the squared elliptic distance; beta 1 is a Gaussian."""
    import numpy as np

    return normalise(np.exp(-0.5 * elliptic(radius, sigma_x, sigma_y, angle) ** beta))


def plateau(radius: int, sigma_x: float, sigma_y: float, angle: float, beta: float) -> Array:
    """A flat-topped kernel 1 / (1 + q^beta), q the squared elliptic distance."""
    return normalise(1 / (1 + elliptic(radius, sigma_x, sigma_y, angle) ** beta))


def sinc(radius: int, cutoff: float) -> Array:
    """The ideal circular low-pass, which rings: w J1(w r) / (2 pi r), w the cutoff in radians (Wang et al. 2021)."""
    import numpy as np
    from scipy.special import j1

    rows, columns = grid(radius)
    distance = np.hypot(rows, columns)
    distance[radius, radius] = 1
    kernel = cutoff * j1(cutoff * distance) / (2 * np.pi * distance)
    kernel[radius, radius] = cutoff**2 / (4 * np.pi)
    return normalise(kernel)


def normalise(kernel: Array) -> Array:
    """Divides by the sum."""
    normalised: Array = kernel / kernel.sum()
    return normalised
