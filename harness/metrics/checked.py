"""What every metric here asks of the images it is given, before it measures them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from harness.errors import ImageError, UnavailableError
from harness.protocols import Metric

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from harness.results import MetricValue

# not from `harness.images`: `restobench list` imports metrics, and must not import numpy
Image: TypeAlias = "npt.NDArray[np.float32]"
Plane: TypeAlias = "npt.NDArray[np.float32] | npt.NDArray[np.float64]"


class CheckedMetric(Metric):
    """A metric that measures only images that can be measured.

    A subclass has a card, `smallest`, and `_measure`, which is given the restored image and, where
    the card asks for one, the reference.
    """

    # pixels that height and width have at least
    smallest: ClassVar[int] = 1

    _measure: Callable[..., float]

    def __init__(self, device: str = "cpu") -> None:
        """Takes any device: the classic metrics compute on the processor.

        Raises:
            UnavailableError: A package or a weight file is absent.
        """
        if reason := self.missing():
            raise UnavailableError(f"{self.card.name}: {reason}")

    def __call__(self, restored: Image, reference: Image | None = None) -> MetricValue:
        """Measures one image.

        Args:
            restored: Float32 (C, H, W) in [0, 1], at least `smallest` pixels high and wide.
            reference: The same shape; not used where the card asks for none.

        Raises:
            ImageError: There is no reference, the shapes differ, a value is not finite (a NaN in an
                image must not become a NaN among the scores), the image is too small, or the metric
                is not defined on it.
        """
        from harness.results import MetricValue

        return MetricValue(self._measure(*self._checked(restored, reference)))

    def _checked(self, restored: Image, reference: Image | None) -> tuple[Image, ...]:
        """The images that are measured, if they can be."""
        from harness.images import check_image

        images = {"restored image": restored}
        if self.card.needs_reference:
            if reference is None:
                raise ImageError(f"{self.card.name} compares with a reference and got none")
            images["reference"] = reference
        for what, image in images.items():
            height, width = check_image(image, f"{self.card.name}: the {what}").shape[1:]
            if min(height, width) < self.smallest:
                raise ImageError(
                    f"{self.card.name} needs at least {self.smallest}x{self.smallest} pixels; the "
                    f"{what} is {width}x{height}"
                )
            if image.shape != restored.shape:
                raise ImageError(
                    f"{self.card.name}: the restored image is {restored.shape}, its reference "
                    f"{image.shape}"
                )
        return tuple(images.values())
