"""Multi-scale structural similarity (Wang, Simoncelli, Bovik, Asilomar 2003)."""

from collections.abc import Iterable

from harness.metrics.checked import CheckedMetric, Plane
from harness.metrics.ssim import WINDOW, ssim_means
from harness.protocols import MetricCard

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


class MSSSIM(CheckedMetric):
    """Product over five scales of the contrast-structure terms, and of luminance at the coarsest.

    Eq. 7. Each scale halves the image by 2x2 means. Negative structure terms count as zero: a power
    of them is undefined. Images have at least 176x176 pixels.
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
    smallest = WINDOW * 2 ** (len(WEIGHTS) - 1)

    def _measure(self, restored: Iterable[Plane], reference: Iterable[Plane]) -> float:
        import cv2
        import numpy as np

        values = []
        for x, y in zip(restored, reference, strict=True):
            terms = []
            for scale in range(len(WEIGHTS)):
                whole, structure = ssim_means(x, y)
                terms.append(max(whole if scale == len(WEIGHTS) - 1 else structure, 0.0))
                size = (x.shape[1] // 2, x.shape[0] // 2)
                cut = (plane[: size[1] * 2, : size[0] * 2].astype(np.float64) for plane in (x, y))
                x, y = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in cut)
            values.append(np.prod(np.power(terms, WEIGHTS)))
        return float(np.mean(values))
