"""What every full-reference metric asks of its two images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import ImageError

if TYPE_CHECKING:
    from harness.images import Image


def check_pair(restored: Image, reference: Image | None, metric: str, smallest: int = 1) -> Image:
    """Checks that two images can be compared.

    Args:
        restored: Float32 (C, H, W).
        reference: The same shape.
        metric: Name for the message.
        smallest: Smallest height and width that the metric is defined on.

    Returns:
        The reference.

    Raises:
        ImageError: There is no reference, the shapes differ, or the image is too small.
    """
    if reference is None:
        raise ImageError(f"{metric} compares with a reference and got none")
    if restored.shape != reference.shape:
        raise ImageError(f"{metric}: the restored image is {restored.shape}, its reference {reference.shape}")
    if min(restored.shape[1:]) < smallest:
        raise ImageError(
            f"{metric} needs at least {smallest}x{smallest} pixels; this image is {restored.shape[2]}x{restored.shape[1]}"
        )
    return reference
