"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.protocols import Metric, MetricCard
from harness.results import MetricValue

if TYPE_CHECKING:
    from harness.images import Image


STRIP = 64


class PSNR(Metric):
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

    def __init__(self, device: str = "cpu") -> None:
        """Takes any device: the arithmetic is numpy's."""

    def __call__(self, restored: Image, reference: Image | None = None) -> MetricValue:
        """Measures one image against its reference.

        Args:
            restored: Float32 (C, H, W) in [0, 1].
            reference: The same shape.
        """
        import numpy as np

        from harness.metrics.pairs import check_pair

        reference = check_pair(restored, reference, self.card.name)
        total = 0.0
        for x, y in zip(_rows(restored), _rows(reference), strict=True):
            error = np.subtract(x, y, dtype=np.float64)
            total += float(np.vdot(error, error))
        mse = total / restored.size
        return MetricValue(math.inf if mse == 0 else -10 * math.log10(mse))


def _rows(image: Image) -> Iterator[Image]:
    """A few rows at a time: quicker, for they stay in the processor's cache, and any image needs little memory."""
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
