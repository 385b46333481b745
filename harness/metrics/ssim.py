"""Structural similarity (Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 2004)."""

from harness.metrics.checked import CheckedMetric, Image, Plane
from harness.protocols import MetricCard

WINDOW = 11
SIGMA = 1.5
C1 = 0.01**2
C2 = 0.03**2

# rows of the map at a time: what they need stays in the processor's cache, which makes it four
# times as quick, and an image of any size needs no more memory than a small one
STRIP = 64


def ssim_means(restored: Plane, reference: Plane) -> tuple[float, float]:
    """Means of the SSIM map and of its contrast-structure term over the valid region.

    Eq. 13, and eq. 9 with C3 = C2 / 2.

    Args:
        restored: (H, W) in [0, 1], at least 11x11.
        reference: The same shape.

    Returns:
        Mean SSIM, mean contrast-structure, computed in float64.
    """
    height, width = (side - WINDOW + 1 for side in restored.shape)
    whole = structures = 0.0
    for top in range(0, height, STRIP):
        rows = slice(top, min(top + STRIP, height) + WINDOW - 1)
        luminance, structure = _maps(
            restored[rows].astype("float64"), reference[rows].astype("float64")
        )
        structures += float(structure.sum())
        whole += float((luminance * structure).sum())
    return whole / (height * width), structures / (height * width)


def _maps(x: Plane, y: Plane) -> tuple[Plane, Plane]:
    """The luminance term and the contrast-structure term of one strip: (H - 10, W - 10)."""
    import cv2
    import numpy as np

    kernel = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_64F)
    valid = (slice(WINDOW // 2, -(WINDOW // 2)),) * 2

    def blur(plane: Plane) -> Plane:
        return np.asarray(cv2.sepFilter2D(plane, cv2.CV_64F, kernel, kernel))[valid]

    mean_x, mean_y = blur(x), blur(y)
    product, squares = mean_x * mean_y, mean_x * mean_x + mean_y * mean_y
    # the sum of both variances needs one filter, not two
    variances = blur(x * x + y * y) - squares
    covariance = blur(x * y) - product
    return (2 * product + C1) / (squares + C1), (2 * covariance + C2) / (variances + C2)


class SSIM(CheckedMetric):
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
    smallest = WINDOW

    def _measure(self, restored: Image, reference: Image) -> float:
        values = [ssim_means(x, y)[0] for x, y in zip(restored, reference, strict=True)]
        return sum(values) / len(values)


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
