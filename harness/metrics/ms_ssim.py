"""Multi-scale structural similarity (Wang, Simoncelli, Bovik, Asilomar 2003)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.metrics.ssim import WINDOW, ssim_means
from harness.protocols import Metric, MetricCard
from harness.results import MetricValue

if TYPE_CHECKING:
    from harness.images import Image

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
SMALLEST = WINDOW * 2 ** (len(WEIGHTS) - 1)


class MSSSIM(Metric):
    """Product over five scales of the contrast-structure terms, and of luminance at the coarsest (eq. 7).

    Each scale halves the image by 2x2 means. Negative structure terms count as zero: a power of
    them is undefined.
    """

    card = MetricCard(
        name="ms-ssim",
        needs_reference=True,
        higher_is_better=True,
        bounds=(0.0, 1.0),
        tolerance=0.0005,
        tolerance_on={"cuda": 0.001},
        licence="Apache-2.0",
        source="Wang, Simoncelli, Bovik, Asilomar 2003",
    )

    def __init__(self, device: str = "cpu") -> None:
        """Takes any device: the filters are OpenCV's, on the processor."""

    def __call__(self, restored: Image, reference: Image | None = None) -> MetricValue:
        """Measures one image against its reference.

        Args:
            restored: Float32 (C, H, W) in [0, 1], at least 176x176.
            reference: The same shape.
        """
        import cv2
        import numpy as np

        from harness.metrics.pairs import check_pair

        reference = check_pair(restored, reference, self.card.name, SMALLEST)
        values = []
        for x, y in zip(restored, reference, strict=True):
            terms = []
            for scale in range(len(WEIGHTS)):
                whole, structure = ssim_means(x, y)
                terms.append(max(whole if scale == len(WEIGHTS) - 1 else structure, 0.0))
                size = (x.shape[1] // 2, x.shape[0] // 2)
                cut = (plane[: size[1] * 2, : size[0] * 2].astype(np.float64) for plane in (x, y))
                x, y = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in cut)
            values.append(float(np.prod(np.power(terms, WEIGHTS))))
        return MetricValue(float(np.mean(values)))
