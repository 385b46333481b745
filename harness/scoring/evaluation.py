"""One image scored by one metric: what the metric sees of it is what the `Evaluation` says."""

import math
from functools import lru_cache

from harness.cards import MetricCard
from harness.errors import ImageError, describe_error
from harness.images import Image, crop_border, quantise, to_luma, to_rgb
from harness.plugins.kinds import metrics
from harness.protocols import Evaluation, Metric
from harness.results import MetricValue


@lru_cache
def build_metric(name: str, device: str) -> Metric:
    """Builds a metric once a process.

    Raises:
        HarnessError: It is not registered, or cannot be built here.
    """
    return metrics.get(name)(device=device)


def score_image(
    metric: str,
    device: str,
    restored: Image,
    reference: Image | None,
    evaluation: Evaluation,
    scale: int = 1,
) -> MetricValue | str:
    """What a metric says of one image, or why it says nothing.

    Args:
        metric: Its name.
        device: `cpu` or `cuda:N`.
        restored: Float32 (C, H, W).
        reference: The same shape in [0, 1], or `None`.
        evaluation: How the images are prepared for the metric.
        scale: The set's super-resolution factor, for `crop_border="scale"`.
    """
    try:
        built = build_metric(metric, device)
        value = built(*prepare(restored, reference, built.card, evaluation, scale))
        if math.isnan(value.value):
            return f"{metric} returned NaN"
        # a third party's numbers may be numpy's, which no file can hold
        return MetricValue(
            float(value.value), None if value.spread is None else float(value.spread)
        )
    except Exception as error:  # a third party's metric may raise anything; the others go on
        return describe_error(error)


def prepare(
    restored: Image, reference: Image | None, card: MetricCard, evaluation: Evaluation, scale: int
) -> tuple[Image, Image | None]:
    """Quantises, crops and converts a pair of images for one metric.

    Args:
        restored: Float32 (C, H, W).
        reference: The same shape in [0, 1], or `None`.
        card: The metric's card: whether it needs the reference, and which channel.
        evaluation: How.
        scale: The set's super-resolution factor, for `crop_border="scale"`.

    Returns:
        Both images as the metric takes them. No-reference metrics get the uncropped RGB image.

    Raises:
        ImageError: A reference that is needed and not there, other shapes, too large an image.
    """
    pixels = restored.shape[1] * restored.shape[2]
    if card.max_pixels is not None and pixels > card.max_pixels:
        raise ImageError(
            f"{card.name} takes images whole, of at most {card.max_pixels:,} pixels; this one has "
            f"{pixels:,}: score parts of it, or another metric"
        )
    restored = quantise(restored) if evaluation.quantise else restored
    if not card.needs_reference:
        return to_rgb(restored), None
    if reference is None:
        raise ImageError(f"{card.name} needs a reference and the set has none")
    if restored.shape != reference.shape:
        raise ImageError(
            f"the restored image is {restored.shape}, its reference {reference.shape}; they must "
            "agree"
        )
    crop = evaluation.crop_border
    border = crop if crop != "scale" else 0 if scale == 1 else scale
    pair = crop_border(restored, border), crop_border(reference, border)
    if card.channel == "y":
        return to_luma(pair[0], evaluation.luma), to_luma(pair[1], evaluation.luma)
    return pair
