"""Structural similarity (Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 2004)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.protocols import Metric, MetricCard
from harness.results import MetricValue

if TYPE_CHECKING:
    from harness.images import Image

WINDOW = 11
SIGMA = 1.5
C1 = 0.01**2
C2 = 0.03**2


def ssim_maps(restored: Any, reference: Any) -> tuple[Any, Any]:
    """The luminance term and the contrast-structure term of one plane (eq. 6 and 9 with C3 = C2 / 2).

    Args:
        restored: Float64 (H, W) in [0, 1], at least 11x11.
        reference: The same shape.

    Returns:
        Two float64 arrays (H - 10, W - 10): the window's valid region. SSIM is their product's mean.
    """
    import cv2
    import numpy as np

    kernel = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_64F)
    border = WINDOW // 2

    def blur(plane: Any) -> Any:
        return cv2.sepFilter2D(plane, cv2.CV_64F, kernel, kernel)[border:-border, border:-border]

    mean_x, mean_y = blur(restored), blur(reference)
    xx, yy, xy = mean_x * mean_x, mean_y * mean_y, mean_x * mean_y
    # the sum of both variances needs one filter, not two
    variances = blur(np.square(restored) + np.square(reference)) - xx - yy
    covariance = blur(restored * reference) - xy
    return (2 * xy + C1) / (xx + yy + C1), (2 * covariance + C2) / (variances + C2)


class SSIM(Metric):
    """Mean of the SSIM map over the valid region of an 11x11 Gaussian window, averaged over planes.

    Gaussian of sigma 1.5, K1 = 0.01, K2 = 0.03, population statistics, as the authors' MATLAB code has it but for its
    downsampling, which no restoration paper uses.
    """

    card = MetricCard(
        name="ssim",
        needs_reference=True,
        higher_is_better=True,
        bounds=(-1.0, 1.0),
        tolerance=0.0005,
        licence="Apache-2.0",
        source="Wang et al., IEEE TIP 2004",
    )

    def __init__(self, device: str = "cpu") -> None:
        """Takes any device: the filters are OpenCV's."""

    def __call__(self, restored: Image, reference: Image | None = None) -> MetricValue:
        """Measures one image against its reference.

        Args:
            restored: Float32 (C, H, W) in [0, 1], at least 11x11.
            reference: The same shape.
        """
        import numpy as np

        from harness.metrics.pairs import check_pair

        reference = check_pair(restored, reference, self.card.name, WINDOW)
        pairs = zip(restored.astype(np.float64), reference.astype(np.float64), strict=True)
        maps = (ssim_maps(x, y) for x, y in pairs)
        return MetricValue(float(np.mean([np.mean(luminance * structure) for luminance, structure in maps])))


class SSIMY(SSIM):
    """SSIM of luma."""

    card = MetricCard(
        name="ssim-y",
        needs_reference=True,
        higher_is_better=True,
        channel="y",
        bounds=(-1.0, 1.0),
        tolerance=0.0005,
        licence="Apache-2.0",
        source="Wang et al., IEEE TIP 2004, on BT.601 limited-range Y",
    )
