"""Deblurring with a known kernel: the Wiener filter, and Richardson and Lucy's iteration."""

from collections.abc import Callable

from harness.protocols import Conditions, Restorer, RestorerCard, Task
from restorers._arrays import Image, Plane


class Wiener(Restorer):
    """scikit-image's Wiener-Hunt filter: a Laplacian prior on the image.

    Args:
        device: Only the CPU.
        balance: Weight of the prior; 0 takes it from the noise: 0.002 without any, more with.
    """

    card = RestorerCard(
        name="wiener",
        tasks=(Task.DEBLUR,),
        conditions=("kernel",),
        parameters=0,
        licence="BSD-3-Clause",
        paper="Orieux, Giovannelli, Rodet, JOSA A 2010",
        source="skimage.restoration.wiener",
    )

    def __init__(self, *, device: str = "cpu", balance: float = 0.0) -> None:
        self.balance = balance

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Deblurs (C, H, W)."""
        from skimage.restoration import wiener

        balance = self.balance or 0.002 + (conditions.sigma_255 or 0) ** 2 / 1000
        return _plane_by_plane(
            image, conditions, lambda plane, kernel: wiener(plane, kernel, balance, clip=False)
        )


class RichardsonLucy(Restorer):
    """scikit-image's iteration, which keeps the image positive and amplifies noise as it goes on.

    Args:
        device: Only the CPU.
        iterations: How often.
    """

    card = RestorerCard(
        name="richardson-lucy",
        tasks=(Task.DEBLUR,),
        conditions=("kernel",),
        parameters=0,
        licence="BSD-3-Clause",
        paper="Richardson, JOSA 1972; Lucy, AJ 1974",
        source="skimage.restoration.richardson_lucy",
    )

    def __init__(self, *, device: str = "cpu", iterations: int = 10) -> None:
        self.iterations = iterations

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Deblurs (C, H, W)."""
        from skimage.restoration import richardson_lucy

        settings = {"num_iter": self.iterations, "clip": False, "filter_epsilon": 1e-6}
        return _plane_by_plane(
            image,
            conditions,
            lambda plane, kernel: richardson_lucy(plane.clip(0), kernel, **settings),
        )


def _plane_by_plane(
    image: Image, conditions: Conditions, function: Callable[[Plane, Plane], Plane]
) -> Image:
    """Applies (plane, kernel) -> plane.

    The borders are mirrored as the blur's were, by twice the kernel.
    """
    import numpy as np

    kernel = np.asarray(conditions.kernel, dtype=np.float32)
    rows, columns = kernel.shape
    padding = ((0, 0), (2 * rows, 2 * rows), (2 * columns, 2 * columns))
    padded = np.pad(image, padding, mode="symmetric")
    restored = np.stack([function(plane, kernel) for plane in padded])
    inner = restored[:, 2 * rows : -2 * rows, 2 * columns : -2 * columns]
    return np.ascontiguousarray(inner, dtype=np.float32)
