"""Perceptual blur (Crete, Dolmiere, Ladret, Nicolas, SPIE 2007)."""

import math

from harness.errors import ImageError
from harness.metrics.checked import CheckedMetric, Image
from harness.protocols import MetricCard


class BlurEffect(CheckedMetric):
    """How little an image changes when it is blurred again: 0 sharp, 1 blurred.

    Noise counts as sharpness. The worse direction counts: an image without edges in one direction
    has 1. A constant image is refused.
    """

    card = MetricCard(
        name="blur-effect",
        needs_reference=False,
        higher_is_better=False,
        bounds=(0.0, 1.0),
        tolerance=0.001,
        max_pixels=2**27,
        tolerance_on={"cuda": 0.002},
        licence="BSD-3-Clause",
        source="Crete et al., SPIE 2007; skimage.measure.blur_effect",
    )
    smallest = 16

    def _measure(self, restored: Image) -> float:
        from skimage.measure import blur_effect

        from harness.images import to_luma

        luma = to_luma(restored)[0]
        if luma.max() == luma.min():
            raise ImageError("blur-effect is not defined on a constant image: it has no edges")
        value = float(blur_effect(luma))
        # no edge in one direction: older scikit-image divides 0 by 0, newer says 1
        return 1.0 if math.isnan(value) else value
