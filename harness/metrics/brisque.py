"""BRISQUE, the blind/referenceless image spatial quality evaluator (Mittal, Moorthy, Bovik, IEEE TIP 2012)."""

from __future__ import annotations

import importlib.util
import math
from typing import TYPE_CHECKING, Any

from harness.errors import ImageError, UnavailableError
from harness.protocols import Metric, MetricCard
from harness.results import MetricValue

if TYPE_CHECKING:
    from harness.images import Image

SMALLEST = 32


class BRISQUE(Metric):
    """Scene statistics of an image, turned into a score by the authors' support vector machine; lower is better.

    The package `brisque` with the model it carries, which was trained on LIVE; roughly 0 to 100. An
    image without structure has no statistics, and is refused.
    """

    card = MetricCard(
        name="brisque",
        needs_reference=False,
        higher_is_better=False,
        tolerance=0.1,
        licence="Apache-2.0 (brisque); model: University of Texas at Austin",
        source="Mittal et al., IEEE TIP 2012; brisque.BRISQUE",
    )

    def __init__(self, device: str = "cpu") -> None:
        """Loads the package's model.

        Raises:
            UnavailableError: The package is not installed.
        """
        reason = self.missing()
        if reason:
            raise UnavailableError(f"brisque: {reason}")
        self._score = _make_scorer()

    @classmethod
    def missing(cls) -> str | None:
        """Says how to install the package where it is missing."""
        found = importlib.util.find_spec("brisque")
        return None if found else "brisque is not installed: pip install 'restobench[brisque]'"

    def __call__(self, restored: Image, reference: Image | None = None) -> MetricValue:
        """Measures one image.

        Args:
            restored: Float32 (3, H, W) in [0, 1], at least 32x32.
            reference: Not used.

        Raises:
            ImageError: The image is too small, or has too little structure.
        """
        import warnings

        import numpy as np

        from harness.images import quantise, to_rgb
        from harness.metrics.pairs import check_single

        check_single(restored, self.card.name, SMALLEST)
        levels = np.rint(quantise(to_rgb(restored)) * 255).astype(np.uint8).transpose(1, 2, 0)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # sides of a distribution without a value
            try:
                value = float(self._score(levels))
            except (ValueError, TypeError, IndexError) as error:
                raise ImageError(f"brisque is not defined on this image: {error}") from error
        if not math.isfinite(value):
            raise ImageError("brisque is not defined on this image: it has too little structure")
        return MetricValue(value)


def _make_scorer() -> Any:
    import warnings

    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # scipy.ndimage.filters
        import brisque

    class Scorer(brisque.BRISQUE):  # type: ignore[misc]  # untyped
        def scale_features(self, features: Any) -> Any:
            """Numpy 2.4 no longer makes a float of an array that holds one number."""
            return super().scale_features(
                [np.asarray(feature, dtype=np.float64).item() for feature in features]
            )

    return Scorer(url=False).score
