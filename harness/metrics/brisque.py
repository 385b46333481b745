"""BRISQUE, the blind/referenceless image spatial quality evaluator.

Mittal, Moorthy, Bovik, IEEE TIP 2012.
"""

import importlib.util
import math
import warnings
from collections.abc import Iterable

from harness.errors import ImageError
from harness.metrics.checked import CheckedMetric, Image
from harness.protocols import MetricCard


class BRISQUE(CheckedMetric):
    """Scene statistics of an image, turned into a score; lower is better.

    The authors' support vector machine is in the package `brisque`, with the model it carries,
    which was trained on LIVE; roughly 0 to 100. An image without structure has no statistics, and
    is refused.
    """

    card = MetricCard(
        name="brisque",
        needs_reference=False,
        higher_is_better=False,
        tolerance=0.1,
        licence="Apache-2.0 (brisque); model: University of Texas at Austin",
        source="Mittal et al., IEEE TIP 2012; brisque.BRISQUE",
    )
    smallest = 32

    def __init__(self, device: str = "cpu") -> None:
        """Loads the package's model.

        Raises:
            UnavailableError: The package is not installed.
        """
        super().__init__(device)
        import numpy as np

        # scipy.ndimage.filters
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            import brisque

        scorer = brisque.BRISQUE(url=False)
        scale = scorer.scale_features

        def scale_numbers(features: Iterable[object]) -> object:
            # numpy 2.4 no longer makes a float of an array that holds one number
            return scale([np.asarray(feature, dtype=np.float64).item() for feature in features])

        scorer.scale_features = scale_numbers
        self._score = scorer.score

    @classmethod
    def missing(cls) -> str | None:
        """Says how to install the package where it is missing."""
        found = importlib.util.find_spec("brisque")
        return None if found else "brisque is not installed: pip install 'restobench[brisque]'"

    def _measure(self, restored: Image) -> float:
        import numpy as np

        from harness.images import quantise, to_rgb

        levels = np.rint(quantise(to_rgb(restored)) * 255).astype(np.uint8).transpose(1, 2, 0)
        # sides of a distribution without a value
        with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
            try:
                value = float(self._score(levels))
            except (ValueError, TypeError, IndexError) as error:
                raise ImageError(f"brisque is not defined on this image: {error}") from error
        if not math.isfinite(value):
            raise ImageError("brisque is not defined on this image: it has too little structure")
        return value
