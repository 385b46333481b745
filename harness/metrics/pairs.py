"""What every metric asks of the images it is given."""

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
        ImageError: There is no reference, the shapes differ, a value is not finite, or the image is
            too small.
    """
    if reference is None:
        raise ImageError(f"{metric} compares with a reference and got none")
    check_single(restored, metric, smallest)
    if restored.shape != reference.shape:
        raise ImageError(
            f"{metric}: the restored image is {restored.shape}, its reference {reference.shape}"
        )
    check_single(reference, metric, smallest, what="reference")
    return reference


def check_single(
    image: Image, metric: str, smallest: int = 1, *, what: str = "restored image"
) -> None:
    """Checks that an image is one, holds finite values only, and is large enough.

    Raises:
        ImageError: It does not; a NaN in an image must not become a NaN among the scores.
    """
    from harness.images import check_image

    height, width = check_image(image, f"{metric}: the {what}").shape[1:]
    if min(height, width) < smallest:
        raise ImageError(
            f"{metric} needs at least {smallest}x{smallest} pixels; the {what} is {width}x{height}"
        )
