"""Fits an image to what a restorer can take, and checks what it gives back."""

from dataclasses import replace
from typing import Literal

import numpy as np

from harness.errors import ImageError, RestorationError
from harness.images import Image, check_image, to_rgb
from harness.protocols import Conditions, Restorer, RestorerCard


def restore_image(restorer: Restorer, image: Image, conditions: Conditions) -> Image:
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

    Returns:
        Float32 (C, scale * H, scale * W) in [0, 1].

    Raises:
        RestorationError: What the restorer returned is not a restored image.
    """
    channels = restorer.card.channels
    planes = image.shape[0]
    if planes in channels:
        return _restore_padded(restorer, image, conditions)
    if planes == 1:
        restored = _restore_padded(restorer, to_rgb(image), conditions)
        grey: Image = restored.mean(axis=0, keepdims=True, dtype=np.float32)
        return grey
    parts = [
        _restore_padded(restorer, image[plane : plane + 1], conditions) for plane in range(planes)
    ]
    return np.concatenate(parts, axis=0)


def _restore_padded(restorer: Restorer, image: Image, conditions: Conditions) -> Image:
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
    _check_range(taken, image, checked, card)
    return np.clip(taken, 0, 1)


FAR = 4.0
"""So far beyond white (1) no restorer overshoots: what it returns has another range."""

_LEVEL = 1 / 255


def _check_range(restored: Image, image: Image, returned: Image, card: RestorerCard) -> None:
    """Refuses a result that is white, black or clipped all over where its input is not.

    The median and not the mean is looked at: clipped noise on black has a mean, and a good denoiser
    makes it black.

    Raises:
        RestorationError: Says what to set.
    """
    low, high = float(restored.min()), float(restored.max())
    if high > FAR * max(1.0, float(image.max())):
        beyond = float(np.mean(restored > 1))
        # what is not black in the input is white in the result
        blank = "white" if beyond >= 0.9 * float(np.mean(image > 2 * _LEVEL)) else ""
    elif high < 1.5 * _LEVEL:
        blank = "black" if float(np.median(image)) > 5 * _LEVEL else ""
    elif low > 1 - 1.5 * _LEVEL:
        blank = "white" if float(np.median(image)) < 1 - 5 * _LEVEL else ""
    else:
        return
    if blank:
        black, white = card.output_range or card.value_range
        values = f"{float(returned.min()):.4g} to {float(returned.max()):.4g}"
        raise RestorationError(
            f"{card.name} returned values from {values}, where {black:g} is black and {white:g} is "
            f"white: the picture is {blank} where the degraded one is not; set "
            f"output_range={_likely_range(returned)} (a class: output_range on its card), or "
            "return other values"
        )


def _likely_range(returned: Image) -> str:
    low, high = float(returned.min()), float(returned.max())
    if high > FAR:
        return "255"
    return "-1..1" if low < -0.1 else "1"


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
