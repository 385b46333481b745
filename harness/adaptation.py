"""Fits an image to what a restorer can take, and checks what it gives back."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from harness.errors import ImageError, RestorationError
from harness.images import Image, check_image, to_rgb
from harness.protocols import Conditions, Restorer


def restore_image(restorer: Restorer, image: Image, conditions: Conditions) -> Image:
    """Runs a restorer on one image of any size and number of planes.

    Height and width are padded by reflection to `card.size_multiple`, the mask too, and the result is cropped. A grey
    image is repeated for a restorer that takes RGB only, and the mean of its planes is the result; a restorer that
    takes one plane only is run on each plane of an RGB image.

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
    parts = [_restore_padded(restorer, image[plane : plane + 1], conditions) for plane in range(planes)]
    return np.concatenate(parts, axis=0)


def _restore_padded(restorer: Restorer, image: Image, conditions: Conditions) -> Image:
    multiple, scale = restorer.card.size_multiple, conditions.scale
    planes, height, width = image.shape
    bottom, right = -height % multiple, -width % multiple
    # without the edge pixel repeated, a mosaic goes on with the right colours
    mode: Literal["reflect", "symmetric"] = "symmetric" if conditions.cfa is None else "reflect"
    padded = np.pad(image, ((0, 0), (0, bottom), (0, right)), mode=mode).astype(np.float32)
    if conditions.mask is not None:
        conditions = replace(conditions, mask=np.pad(conditions.mask, ((0, bottom), (0, right)), mode=mode))
    restored = restorer.restore(padded, conditions)
    expected = (planes, (height + bottom) * scale, (width + right) * scale)
    try:
        checked = check_image(restored, f"what {restorer.card.name} returned")
    except ImageError as error:
        raise RestorationError(str(error)) from None
    if checked.shape != expected:
        raise RestorationError(f"{restorer.card.name} returned shape {checked.shape}; expected {expected}")
    return np.clip(checked[:, : height * scale, : width * scale], 0, 1)
