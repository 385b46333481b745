"""Fits an image to what a restorer can take, and checks what it gives back."""

from dataclasses import replace
from typing import Literal

import numpy as np

from harness.errors import ImageError, RestorationError
from harness.images import Image, check_image, to_rgb
from harness.protocols import Conditions, Restorer, RestorerCard
from harness.restoring.plausibility import check_not_blank, check_picture


def restore_image(
    restorer: Restorer, image: Image, conditions: Conditions, *, trained: bool = True
) -> Image:
    """Runs a restorer on one image of any size and number of planes.

    Height and width are padded by reflection to `card.size_minimum` and `card.size_multiple`, the
    mask too; values and planes are converted to `card.value_range` and `card.channel_order`; the
    result is cropped and converted back. A grey image is repeated for a restorer that takes RGB
    only, and the mean of its planes is the result; a restorer that takes one plane only is run on
    each plane of an RGB image.

    Args:
        restorer: The restorer.
        image: Float32 (C, H, W).
        conditions: What is known of the degradation.
        trained: Whether what it returns has to be a picture of what it is given; a network at the
            begin of its training returns anything.

    Returns:
        Float32 (C, scale * H, scale * W) in [0, 1].

    Raises:
        RestorationError: What the restorer returned is not a restored image.
    """
    channels = restorer.card.channels
    planes = image.shape[0]
    if planes in channels:
        return _restore_padded(restorer, image, conditions, trained)
    if planes == 1:
        restored = _restore_padded(restorer, to_rgb(image), conditions, trained)
        grey: Image = restored.mean(axis=0, keepdims=True, dtype=np.float32)
        return grey
    parts = [
        _restore_padded(restorer, image[plane : plane + 1], conditions, trained)
        for plane in range(planes)
    ]
    return np.concatenate(parts, axis=0)


def _restore_padded(
    restorer: Restorer, image: Image, conditions: Conditions, trained: bool
) -> Image:
    card, scale = restorer.card, conditions.scale
    planes, height, width = image.shape
    bottom, right = (
        _padding(side, card.size_minimum, card.size_multiple) for side in (height, width)
    )
    # without the edge pixel repeated, a mosaic goes on with the right colours
    mode: Literal["reflect", "symmetric"] = "symmetric" if conditions.cfa is None else "reflect"

    # without a name, so that a very large image is let go of once it is restored
    def padded() -> Image:
        return np.asarray(
            np.pad(image, ((0, 0), (0, bottom), (0, right)), mode=mode), dtype=np.float32
        )

    if conditions.mask is not None:
        conditions = replace(
            conditions, mask=np.pad(conditions.mask, ((0, bottom), (0, right)), mode=mode)
        )
    restored = restorer.restore(_feed(padded(), card), conditions)
    expected = (planes, (height + bottom) * scale, (width + right) * scale)
    try:
        checked = check_image(restored, f"what {card.name} returned")
    except ImageError as error:
        raise RestorationError(str(error)) from None
    if checked.shape != expected:
        raise RestorationError(f"{card.name} returned shape {checked.shape}; expected {expected}")
    taken = _take_back(checked[:, : height * scale, : width * scale], card)
    check_not_blank(taken, image, checked, card)
    if trained:
        check_picture(taken, image, checked, card, whole=conditions.mask is None)
    return np.clip(taken, 0, 1)


def _padding(side: int, minimum: int, multiple: int) -> int:
    wanted = max(side, minimum)
    return wanted + -wanted % multiple - side


def _feed(image: Image, card: RestorerCard) -> Image:
    """Converts RGB in [0, 1] to the range and order that the card asks for."""
    low, high = card.value_range
    if card.channel_order == "bgr":
        image = image[::-1]
    if card.value_range != (0, 1):
        image = image * np.float32(high - low) + np.float32(low)
    return np.ascontiguousarray(image)


def _take_back(image: Image, card: RestorerCard) -> Image:
    low, high = card.output_range or card.value_range
    if (low, high) != (0, 1):
        image = (image - np.float32(low)) / np.float32(high - low)
    return image[::-1] if card.channel_order == "bgr" else image
