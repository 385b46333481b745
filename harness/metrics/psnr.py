"""Peak signal-to-noise ratio."""

import math
from collections.abc import Iterator

from harness.metrics.checked import CheckedMetric, Image
from harness.protocols import MetricCard

STRIP = 64


class PSNR(CheckedMetric):
    """10 log10(1 / MSE) over all planes, in dB, for a peak of 1. Identical images give `inf`."""

    card = MetricCard(
        name="psnr",
        needs_reference=True,
        higher_is_better=True,
        unit="dB",
        bounds=(0.0, math.inf),
        tolerance=0.02,
        tolerance_on={"cuda": 0.04},
        licence="Apache-2.0",
        source="mean squared error over all planes, peak 1",
    )

    def _measure(self, restored: Image, reference: Image) -> float:
        import numpy as np

        total = 0.0
        for x, y in zip(_rows(restored), _rows(reference), strict=True):
            error = np.subtract(x, y, dtype=np.float64)
            total += float(np.vdot(error, error))
        return -10 * math.log10(total / restored.size) if total else math.inf


def _rows(image: Image) -> Iterator[Image]:
    """A few rows at a time: any image needs little memory.

    It is quicker too, for they stay in the processor's cache.
    """
    for plane in image:
        for top in range(0, len(plane), STRIP):
            yield plane[top : top + STRIP]


class PSNRY(PSNR):
    """PSNR of luma: what super-resolution and grey denoising papers print."""

    card = MetricCard(
        name="psnr-y",
        needs_reference=True,
        higher_is_better=True,
        channel="y",
        unit="dB",
        bounds=(0.0, math.inf),
        tolerance=0.02,
        tolerance_on={"cuda": 0.04},
        licence="Apache-2.0",
        source="mean squared error of BT.601 limited-range Y, peak 1",
    )
