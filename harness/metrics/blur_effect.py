"""Perceptual blur (Crete, Dolmiere, Ladret, Nicolas, SPIE 2007)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.protocols import Metric, MetricCard
from harness.results import MetricValue

if TYPE_CHECKING:
    from harness.images import Image

SMALLEST = 16


class BlurEffect(Metric):
    """How little an image changes when it is blurred again: 0 sharp, 1 blurred. Noise counts as sharpness.

    The worse direction counts: an image without edges in one direction has 1. A constant image is
    refused.
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

    def __init__(self, device: str = "cpu") -> None:
        """Takes any device: the filters are scikit-image's."""

    def __call__(self, restored: Image, reference: Image | None = None) -> MetricValue:
        """Measures one image.

        Args:
            restored: Float32 (3, H, W) in [0, 1], at least 16x16.
            reference: Not used.

        Raises:
            ImageError: The image is too small, or constant.
        """
        import math

        from skimage.measure import blur_effect

        from harness.errors import ImageError
        from harness.images import to_luma
        from harness.metrics.pairs import check_single

        check_single(restored, self.card.name, SMALLEST)
        luma = to_luma(restored)[0]
        if luma.max() == luma.min():
            raise ImageError("blur-effect is not defined on a constant image: it has no edges")
        value = float(blur_effect(luma))
        # no edge in one direction: older scikit-image divides 0 by 0, newer says 1
        return MetricValue(1.0 if math.isnan(value) else value)
