"""NIQE, the natural image quality evaluator (Mittal, Soundararajan, Bovik, IEEE SPL 2013)."""

import math
import warnings

from harness import basicsr_shim
from harness.errors import ImageError
from harness.metrics.checked import CheckedMetric, Image
from harness.protocols import MetricCard

BLOCK = 96


class NIQE(CheckedMetric):
    """Distance of an image's scene statistics from those of pristine photographs; lower is better.

    basicsr's implementation with the authors' parameters: Y rounded to whole levels, in blocks of
    96x96; what does not fill a block is cut off. An image without room for two blocks (96x192 or
    192x96) is refused, and so is one without structure, which has no statistics.
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

    def _measure(self, restored: Image) -> float:
        import numpy as np

        from harness.images import to_luma

        height, width = restored.shape[1:]
        if (height // BLOCK) * (width // BLOCK) < 2:
            raise ImageError(
                f"niqe needs two blocks of {BLOCK}x{BLOCK} pixels; this image is {width}x{height}"
            )
        luma = to_luma(restored)[0] * np.float32(255)
        # empty AGGD sides of flat blocks: they become NaN, which it leaves out
        with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
            try:
                value = float(np.squeeze(self._calculate(luma, 0, input_order="HW")))
            except ValueError as error:  # numpy's LinAlgError is one
                raise ImageError(f"niqe is not defined on this image: {error}") from error
        if not math.isfinite(value):
            raise ImageError(
                "niqe is not defined on this image: too few of its blocks have any structure"
            )
        return value
