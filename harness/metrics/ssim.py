"""Structural similarity (Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 2004)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.protocols import Metric, MetricCard
from harness.results import MetricValue

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from harness.images import Image

    Plane = npt.NDArray[np.float32] | npt.NDArray[np.float64]

WINDOW = 11
SIGMA = 1.5
C1 = 0.01**2
C2 = 0.03**2

STRIP = 64
"""Rows of the map at a time: what they need stays in the processor's cache, which makes it four times as quick, and an
image of any size needs no more memory than a small one."""


def ssim_means(restored: Plane, reference: Plane) -> tuple[float, float]:
    """Means of the SSIM map and of its contrast-structure term over the valid region (eq. 13, 9 with C3 = C2 / 2).

    Args:
        restored: (H, W) in [0, 1], at least 11x11.
        reference: The same shape.

    Returns:
        Mean SSIM, mean contrast-structure, computed in float64.
    """
    import cv2

    kernel = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_64F)
    height, width = (side - WINDOW + 1 for side in restored.shape)
    whole = structures = 0.0
    for top in range(0, height, STRIP):
        rows = slice(top, min(top + STRIP, height) + WINDOW - 1)
        luminance, structure = _maps(
            restored[rows].astype("float64"), reference[rows].astype("float64"), kernel
        )
        structures += float(structure.sum())
        luminance *= structure
        whole += float(luminance.sum())
    return whole / (height * width), structures / (height * width)


def _maps(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], kernel: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The luminance term and the contrast-structure term of one strip: (H - 10, W - 10)."""
    import cv2
    import numpy as np

    border = WINDOW // 2

    def blur(plane: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(cv2.sepFilter2D(plane, cv2.CV_64F, kernel, kernel))[
            border:-border, border:-border
        ]

    mean_x, mean_y = blur(x), blur(y)
    product, squares = mean_x * mean_y, mean_x * mean_x + mean_y * mean_y
    # the sum of both variances needs one filter, not two
    variances = blur(x * x + y * y) - squares
    covariance = blur(x * y) - product
    return (2 * product + C1) / (squares + C1), (2 * covariance + C2) / (variances + C2)


class SSIM(Metric):
    """Mean of the SSIM map over the valid region of an 11x11 Gaussian window, averaged over planes.

    Gaussian of sigma 1.5, K1 = 0.01, K2 = 0.03, population statistics, as the authors' MATLAB code
    has it but for its downsampling, which no restoration paper uses.
    """

    card = MetricCard(
        name="ssim",
        needs_reference=True,
        higher_is_better=True,
        bounds=(-1.0, 1.0),
        tolerance=0.0005,
        tolerance_on={"cuda": 0.001},
        licence="Apache-2.0",
        source="Wang et al., IEEE TIP 2004",
    )

    def __init__(self, device: str = "cpu") -> None:
        """Takes any device: the filters are OpenCV's, on the processor."""

    def __call__(self, restored: Image, reference: Image | None = None) -> MetricValue:
        """Measures one image against its reference.

        Args:
            restored: Float32 (C, H, W) in [0, 1], at least 11x11.
            reference: The same shape.
        """
        from harness.metrics.pairs import check_pair

        reference = check_pair(restored, reference, self.card.name, WINDOW)
        values = [ssim_means(x, y)[0] for x, y in zip(restored, reference, strict=True)]
        return MetricValue(sum(values) / len(values))


class SSIMY(SSIM):
    """SSIM of luma."""

    card = MetricCard(
        name="ssim-y",
        needs_reference=True,
        higher_is_better=True,
        channel="y",
        bounds=(-1.0, 1.0),
        tolerance=0.0005,
        tolerance_on={"cuda": 0.001},
        licence="Apache-2.0",
        source="Wang et al., IEEE TIP 2004, on BT.601 limited-range Y",
    )
