"""NIQE, the natural image quality evaluator (Mittal, Soundararajan, Bovik, IEEE SPL 2013)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from harness import basicsr_shim
from harness.errors import ImageError
from harness.protocols import Metric, MetricCard
from harness.results import MetricValue

if TYPE_CHECKING:
    from harness.images import Image

BLOCK = 96


class NIQE(Metric):
    """Distance of an image's scene statistics from those of pristine photographs; lower is better.

    basicsr's implementation with the authors' parameters: Y rounded to whole levels, in blocks of
    96x96; what does not fill a block is cut off. An image without structure has no statistics, and
    is refused.
    """

    card = MetricCard(
        name="niqe",
        needs_reference=False,
        higher_is_better=False,
        bounds=(0.0, math.inf),
        tolerance=0.02,
        max_pixels=2**27,
        tolerance_on={"cuda": 0.04},
        licence="Apache-2.0 (basicsr); parameters: University of Texas at Austin",
        source="Mittal et al., IEEE SPL 2013; basicsr.metrics.niqe",
    )

    def __init__(self, device: str = "cpu") -> None:
        """Imports basicsr's module.

        Raises:
            UnavailableError: basicsr is not installed.
        """
        self._calculate = basicsr_shim.import_basicsr("basicsr.metrics.niqe").calculate_niqe

    @classmethod
    def missing(cls) -> str | None:
        """Says how to install basicsr where it is missing."""
        return basicsr_shim.missing()

    def __call__(self, restored: Image, reference: Image | None = None) -> MetricValue:
        """Measures one image.

        Args:
            restored: Float32 (3, H, W) in [0, 1], large enough for two blocks: 96x192 or 192x96.
            reference: Not used.

        Raises:
            ImageError: The image is too small, has too little structure, or holds NaN.
        """
        import warnings

        import numpy as np

        from harness.images import to_luma
        from harness.metrics.pairs import check_single

        check_single(restored, self.card.name)
        height, width = restored.shape[1:]
        if (height // BLOCK) * (width // BLOCK) < 2:
            raise ImageError(
                f"niqe needs two blocks of {BLOCK}x{BLOCK} pixels; this image is {width}x{height}"
            )
        luma = to_luma(restored)[0] * np.float32(255)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            # empty AGGD sides of flat blocks: they become NaN, which it leaves out
            warnings.simplefilter("ignore")
            try:
                value = float(np.squeeze(self._calculate(luma, 0, input_order="HW")))
            except (ValueError, np.linalg.LinAlgError) as error:
                raise ImageError(f"niqe is not defined on this image: {error}") from error
        if not math.isfinite(value):
            raise ImageError(
                "niqe is not defined on this image: too few of its blocks have any structure"
            )
        return MetricValue(value)
