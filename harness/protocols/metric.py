"""What a metric is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from harness.cards import MetricCard

if TYPE_CHECKING:
    from harness.images import Image
    from harness.results import MetricValue


@runtime_checkable
class Metric(Protocol):
    """A quality model. A class is registered; the harness builds it with `cls(device=...)`.

    Full-reference metrics get both images already quantised, cropped and turned into luma as the
    `Evaluation` and the card say (`harness.scoring.evaluation`); no-reference metrics get the whole
    restored image as RGB.
    """

    card: MetricCard

    def __call__(self, restored: Image, reference: Image | None = None) -> MetricValue:
        """Measures one image.

        Args:
            restored: Float32 (C, H, W) in [0, 1].
            reference: The same shape, or `None` for a no-reference metric.

        Raises:
            ImageError: The image is too small, or the shapes differ.
        """

    @classmethod
    def missing(cls) -> str | None:
        """What is missing here and what mends it, or `None`. Must import nothing heavy."""
        return None

    @classmethod
    def trained_on(cls) -> frozenset[str]:
        """The images it has learnt from, by `harness.images.content_key`.

        `restobench correlate` warns when it is given them.
        """
        return frozenset()


@runtime_checkable
class BatchMetric(Metric, Protocol):
    """A metric that can measure images of one size together (`restobench run --batch N`).

    What it says of one alone is what counts: where a batch differs in more than the last digits, or
    fails, images are measured one by one.
    """

    def measure_batch(
        self, restored: Image, reference: Image | None = None
    ) -> Sequence[MetricValue]:
        """Measures several images.

        Args:
            restored: Float32 (N, C, H, W) in [0, 1], each as a call gets it.
            reference: The same shape, or `None` for a no-reference metric.

        Returns:
            N values.
        """
