"""What a metric of sets is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from harness.cards import SetMetricCard

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from harness.images import Image


@runtime_checkable
class SetMetric(Protocol):
    """A distance between two sets of images, such as FID; built with `cls(device=...)`.

    It says what an image is and how far two sets are apart. The harness reads the images, keeps the
    features of references, resamples, and ranks.
    """

    card: SetMetricCard

    def features(self, image: Image) -> npt.NDArray[np.floating]:
        """Describes one image.

        Args:
            image: Float32 (3, H, W) in [0, 1]: RGB, not cropped, of 8 bits where the evaluation
                quantises.

        Returns:
            (vectors, size): one vector, or one for each patch; always of the same size.

        Raises:
            ImageError: The image is too small.
        """

    def distance(
        self, restored: npt.NDArray[np.float64], reference: npt.NDArray[np.float64]
    ) -> float:
        """The value of a set.

        Args:
            restored: (vectors, size), the features of all restored images; some may be there more
                than once, as the bootstrap draws them.
            reference: Likewise, those of all references.
        """

    @classmethod
    def missing(cls) -> str | None:
        """What is missing here and what mends it, or `None`. Must import nothing heavy."""
        return None
