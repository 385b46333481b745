"""Point spread functions, and convolution with them.

A kernel is a float64 array of odd height and width that sums to 1. Degradations import this module
when they are applied, so numpy and OpenCV may stand at its top.
"""

import cv2
import numpy as np

from benchmarks.degradations.parameters import Array, Generator, Image


def convolve(image: Image, kernel: Array) -> Image:
    """Convolves each plane of (C, H, W); the borders are mirrored without repeating the edge."""
    flipped = np.ascontiguousarray(kernel[::-1, ::-1])  # OpenCV correlates
    planes = [
        cv2.filter2D(plane, -1, flipped, borderType=cv2.BORDER_REFLECT_101) for plane in image
    ]
    return np.asarray(np.stack(planes), dtype=np.float32)


def grid(radius: int) -> tuple[Array, Array]:
    """Rows and columns of a square of side 2 * radius + 1, counted from its centre."""
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1].astype(np.float64)
    return rows, columns


def turned(radius: int, angle: float) -> tuple[Array, Array]:
    """Distances of the same square's pixels from its centre, along a direction and across it.

    Args:
        radius: The square's half side.
        angle: Of the direction in degrees, counter-clockwise from the right.
    """
    rows, columns = grid(radius)
    turn = np.deg2rad(angle)
    along = columns * np.cos(turn) - rows * np.sin(turn)
    return along, columns * np.sin(turn) + rows * np.cos(turn)


def elliptic(radius: int, sigma_x: float, sigma_y: float, angle: float) -> Array:
    """Squared distances from the centre in units of the two sigmas, (2 * radius + 1) squared.

    Args:
        radius: The square's half side.
        sigma_x: Of the axis that points in the direction of `angle`.
        sigma_y: Of the other axis.
        angle: Degrees, counter-clockwise from the right.
    """
    along, across = turned(radius, angle)
    return np.asarray((along / sigma_x) ** 2 + (across / sigma_y) ** 2)


def gaussian(
    sigma_x: float, sigma_y: float, angle: float = 0.0, radius: int | None = None
) -> Array:
    """An anisotropic Gaussian, cut at 4 sigma of its longer axis if no radius is given."""
    radius = int(4 * max(sigma_x, sigma_y) + 0.5) if radius is None else radius
    return normalise(np.exp(-0.5 * elliptic(radius, sigma_x, sigma_y, angle)))


def disk(radius: float) -> Array:
    """A uniform disk, as a lens out of focus makes it.

    A pixel at its rim weighs what the disk covers of it.
    """
    parts = 16  # each pixel is looked at in 16 x 16 places
    half = int(np.ceil(radius - 0.5))
    side = 2 * half + 1
    places = (np.arange(side * parts) + 0.5) / parts - half - 0.5
    inside = places[:, None] ** 2 + places[None] ** 2 <= radius**2
    return normalise(inside.reshape(side, parts, side, parts).mean(axis=(1, 3)))


def line(length: float, angle: float) -> Array:
    """A straight stroke, as MATLAB's `fspecial` has it.

    The weight of a pixel is 1 less its distance from the segment.

    Args:
        length: Pixels; the segment is 1 shorter, so that 1 is no blur.
        angle: Degrees, counter-clockwise from the right.
    """
    half = (max(length, 1.0) - 1) / 2
    along, across = turned(int(np.ceil(half)), angle)
    distance = np.hypot(across, np.maximum(np.abs(along) - half, 0))
    return normalise(np.maximum(1 - distance, 0))


def shake(size: int, generator: Generator) -> Array:
    """The path of a camera in an unsteady hand: a random walk with inertia.

    In the manner of Boracchi and Foi (2012), with kernels like those that Levin et al. (2009)
    measured.

    Args:
        size: Odd height and width.
        generator: Draws the path.

    Returns:
        (size, size), centred by its mean.
    """
    path = _walk(500, generator)
    path *= (size // 2 - 0.5) / np.abs(path).max()
    kernel = np.zeros((size, size))
    corner = np.floor(path).astype(int)
    part = path - corner
    for step in np.ndindex(2, 2):  # each moment lights its four nearest pixels
        weights = np.abs(1 - np.array(step) - part).prod(axis=1)
        np.add.at(kernel, tuple((corner + size // 2 + step).T), weights)
    return normalise(kernel)


def _walk(steps: int, generator: Generator) -> Array:
    """A random walk in the plane around its mean, (steps, 2)."""
    speed, path = np.zeros(2), np.zeros((steps, 2))
    for index in range(1, steps):
        push = generator.standard_normal(2) * (8 if generator.random() < 0.005 else 0.2)
        speed = 0.97 * speed + push  # inertia, a tremor, and a jerk now and then
        path[index] = path[index - 1] + speed
    return np.asarray(path - path.mean(axis=0))


def generalised(radius: int, sigma_x: float, sigma_y: float, angle: float, beta: float) -> Array:
    """A generalised Gaussian exp(-q^beta / 2), q the squared elliptic distance.

    Where beta is 1, it is a Gaussian.
    """
    return normalise(np.exp(-0.5 * elliptic(radius, sigma_x, sigma_y, angle) ** beta))


def plateau(radius: int, sigma_x: float, sigma_y: float, angle: float, beta: float) -> Array:
    """A flat-topped kernel 1 / (1 + q^beta), q the squared elliptic distance."""
    return normalise(1 / (1 + elliptic(radius, sigma_x, sigma_y, angle) ** beta))


def sinc(radius: int, cutoff: float) -> Array:
    """The ideal circular low-pass, which rings (Wang et al. 2021): w J1(w r) / (2 pi r).

    Args:
        radius: The square's half side.
        cutoff: w, in radians.
    """
    from scipy.special import j1

    distance = np.hypot(*grid(radius))
    distance[radius, radius] = 1
    kernel = cutoff * j1(cutoff * distance) / (2 * np.pi * distance)
    kernel[radius, radius] = cutoff**2 / (4 * np.pi)
    return normalise(kernel)


def normalise(kernel: Array) -> Array:
    """Divides by the sum."""
    return np.asarray(kernel / kernel.sum())
