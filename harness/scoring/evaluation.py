"""One image scored by one metric: what the metric sees of it is what the `Evaluation` says."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from harness.cards import MetricCard
from harness.errors import ImageError, describe_error
from harness.images import Image, crop_border, quantise, to_luma, to_rgb
from harness.plugins.kinds import metrics
from harness.protocols import Evaluation, Metric
from harness.results import MetricValue
from harness.storage.images.arrays import quick_hash


@lru_cache
def build_metric(name: str, device: str) -> Metric:
    """Builds a metric once a process.

    Raises:
        HarnessError: It is not registered, or cannot be built here.
    """
    return metrics.get(name)(device=device)


@dataclass(slots=True)
class Views:
    """A restored image and its reference as metrics take them, each view made once.

    Attributes:
        restored: Float32 (C, H, W).
        reference: The same shape in [0, 1], or `None`.
        evaluation: How the images are prepared for a metric.
        scale: The set's super-resolution factor, for `crop_border="scale"`.
        quantised: Whether 8 bits hold the restored image already.
    """

    restored: Image
    reference: Image | None
    evaluation: Evaluation
    scale: int = 1
    quantised: bool = False
    _made: dict[str, tuple[Image, Image | None]] = field(default_factory=dict)
    _hashes: dict[str, str] = field(default_factory=dict)

    def of(self, card: MetricCard) -> tuple[Image, Image | None]:
        """Both images for a metric; those without a reference get the uncropped RGB image.

        Raises:
            ImageError: A reference that is needed and not there, other shapes, too large an image.
        """
        pixels = self.restored.shape[1] * self.restored.shape[2]
        if card.max_pixels is not None and pixels > card.max_pixels:
            raise ImageError(
                f"{card.name} takes images whole, of at most {card.max_pixels:,} pixels; this one "
                f"has {pixels:,}: score parts of it, or another metric"
            )
        if not card.needs_reference:
            return self._shown("rgb alone", lambda: (to_rgb(self._quantised()), None))
        reference = self._check_reference(card)
        if card.channel != "y":
            return self._shown("cropped", lambda: self._cropped(reference))
        cropped = self._once("cropped", lambda: self._cropped(reference))
        return self._shown("luma", lambda: self._luma(*cropped))

    def _shown(
        self, name: str, make: Callable[[], tuple[Image, Image | None]]
    ) -> tuple[Image, Image | None]:
        """A view that a metric gets, and may write into."""
        view = self._once(name, make)
        if name not in self._hashes:
            self._hashes[name] = _hash(view)
        return view

    def _once(
        self, name: str, make: Callable[[], tuple[Image, Image | None]]
    ) -> tuple[Image, Image | None]:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def intact(self) -> bool:
        """Whether every view that a metric got is as it was: it may have written into it."""
        return all(_hash(self._made[name]) == before for name, before in self._hashes.items())

    def _quantised(self) -> Image:
        if self.quantised or not self.evaluation.quantise:
            return self.restored
        return self._once("quantised", lambda: (quantise(self.restored), None))[0]

    def _check_reference(self, card: MetricCard) -> Image:
        if self.reference is None:
            raise ImageError(f"{card.name} needs a reference and the set has none")
        if self.restored.shape != self.reference.shape:
            raise ImageError(
                f"the restored image is {self.restored.shape}, its reference "
                f"{self.reference.shape}; they must agree"
            )
        return self.reference

    def _cropped(self, reference: Image) -> tuple[Image, Image]:
        crop = self.evaluation.crop_border
        border = crop if crop != "scale" else 0 if self.scale == 1 else self.scale
        return crop_border(self._quantised(), border), crop_border(reference, border)

    def _luma(self, restored: Image, reference: Image | None) -> tuple[Image, Image | None]:
        rounding = self.evaluation.luma
        both = to_luma(restored, rounding), None
        return both if reference is None else (both[0], to_luma(reference, rounding))


def _hash(images: tuple[Image, Image | None]) -> str:
    return " ".join(quick_hash(image) for image in images if image is not None)


def score_views(metric: str, device: str, views: Views) -> MetricValue | str:
    """What a metric says of one image, or why it says nothing.

    Args:
        metric: Its name.
        device: `cpu` or `cuda:N`.
        views: The image and its reference.
    """
    try:
        built = build_metric(metric, device)
        return _plain(metric, built(*views.of(built.card)))
    except Exception as error:  # a third party's metric may raise anything; the others go on
        return describe_error(error)


def _plain(metric: str, value: object) -> MetricValue | str:
    if not isinstance(value, MetricValue):
        return f"{metric} returned {value!r:.60}; expected a MetricValue"
    if math.isnan(value.value):
        return f"{metric} returned NaN"
    # a third party's numbers may be numpy's, which no file can hold
    spread = None if value.spread is None else float(value.spread)
    if spread is not None and not spread >= 0:
        return f"{metric} returned a spread of {spread}; expected 0 or more, or none"
    return MetricValue(float(value.value), spread)


def score_batch(metric: str, device: str, views: Sequence[Views]) -> list[MetricValue]:
    """What a metric says of several images of one size at once.

    The first time in this process, its value of the last image is compared with what it says of it
    alone.

    Args:
        metric: Its name.
        device: `cpu` or `cuda:N`.
        views: The images and their references.

    Returns:
        A value for each; none at all where they have to be scored one by one: the metric takes no
        batches, failed, or says something else than of an image alone.
    """
    try:
        built = build_metric(metric, device)
        if not hasattr(built, "measure_batch") or _agrees.get((metric, device)) is False:
            return []
        restored, references = zip(*(one.of(built.card) for one in views), strict=True)
        beside = np.stack(references) if built.card.needs_reference else None
        said = built.measure_batch(np.stack(restored), beside)
        found = [_plain(metric, value) for value in said]
        values = [value for value in found if isinstance(value, MetricValue)]
        if len(values) != len(found) or len(found) != len(views):
            return []
        if (metric, device) not in _agrees:
            _agrees[metric, device] = _alike(values[-1], score_views(metric, device, views[-1]))
        return values if _agrees[metric, device] else []
    except Exception:  # whatever it is, each image says so for itself
        return []


_agrees: dict[tuple[str, str], bool] = {}
"""Metric and device -> whether its batches say what it says of images alone."""

TOLERANCE = 1e-4
"""How far the value of an image in a batch may be from its own, of values beyond 1 as a share."""


def _alike(value: MetricValue, alone: MetricValue | str) -> bool:
    if isinstance(alone, str):
        return False
    pairs = ((value.value, alone.value), (value.spread or 0.0, alone.spread or 0.0))
    return all(math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE) for a, b in pairs)


def score_image(
    metric: str,
    device: str,
    restored: Image,
    reference: Image | None,
    evaluation: Evaluation,
    scale: int = 1,
) -> MetricValue | str:
    """As `score_views`, for one metric of an image (C, H, W) and its reference."""
    return score_views(metric, device, Views(restored, reference, evaluation, scale))


def prepare(
    restored: Image, reference: Image | None, card: MetricCard, evaluation: Evaluation, scale: int
) -> tuple[Image, Image | None]:
    """As `Views.of`, for one metric of an image (C, H, W) and its reference."""
    return Views(restored, reference, evaluation, scale).of(card)
