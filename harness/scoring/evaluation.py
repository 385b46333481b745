"""Applies an `Evaluation`: what a metric sees of a restored image and its reference."""

from __future__ import annotations

from harness.errors import ImageError
from harness.images import Image, crop_border, quantise, to_luma, to_rgb
from harness.protocols import Evaluation, MetricCard


def prepare(
    restored: Image, reference: Image | None, card: MetricCard, evaluation: Evaluation, scale: int
) -> tuple[Image, Image | None]:
    """Quantises, crops and converts a pair of images for one metric.

    Args:
        restored: Float32 (C, H, W).
        reference: The same shape in [0, 1], or `None`.
        card: The metric's card: whether it needs the reference, and which channel.
        evaluation: The protocol.
        scale: The set's super-resolution factor, for `crop_border="scale"`.

    Returns:
        Both images as the metric takes them. No-reference metrics get the uncropped RGB image.

    Raises:
        ImageError: The metric needs a reference and there is none, the shapes differ, or the image
            is too large for it.
    """
    pixels = restored.shape[1] * restored.shape[2]
    if card.max_pixels is not None and pixels > card.max_pixels:
        raise ImageError(
            f"{card.name} takes images whole, of at most {card.max_pixels:,} pixels; this one has "
            f"{pixels:,}: score parts of it, or another metric"
        )
    if evaluation.quantise:
        restored = quantise(restored)
    if not card.needs_reference:
        return to_rgb(restored), None
    if reference is None:
        raise ImageError(f"{card.name} needs a reference and the set has none")
    if restored.shape != reference.shape:
        raise ImageError(
            f"the restored image is {restored.shape}, its reference {reference.shape}; they must "
            "agree"
        )
    border = scale if evaluation.crop_border == "scale" else evaluation.crop_border
    if evaluation.crop_border == "scale" and scale == 1:
        border = 0
    restored, reference = crop_border(restored, border), crop_border(reference, border)
    if card.channel == "y":
        return to_luma(restored, evaluation.luma), to_luma(reference, evaluation.luma)
    return restored, reference
