"""Fits images to what a restorer can take, and checks what it gives back."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

import numpy as np

from harness.errors import ImageError, RestorationError
from harness.images import Image, check_image, to_rgb
from harness.protocols import Conditions, Restorer, RestorerCard
from harness.restoring.plausibility import check_not_blank, check_picture


class AloneError(RestorationError):
    """A restorer's images cannot be restored together, or not with what they are alone."""


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
    return restore_images(restorer, [image], [conditions], trained=trained)[0]


def restore_images(
    restorer: Restorer,
    images: Sequence[Image],
    conditions: Sequence[Conditions],
    *,
    trained: bool = True,
) -> list[Image]:
    """As `restore_image`; several images of one size and scale go to the restorer as a batch.

    Args:
        restorer: The restorer.
        images: Float32 (C, H, W) each.
        conditions: What is known of each.
        trained: See `restore_image`.

    Returns:
        A restored image for each, in memory that the restorer does not know.

    Raises:
        AloneError: There are several, and the restorer takes one image at a time.
        RestorationError: What it returned is not a restored image for each.
    """
    channels, planes = restorer.card.channels, images[0].shape[0]
    if planes in channels:
        return _restore_padded(restorer, images, conditions, trained)
    if planes == 1:
        coloured = [to_rgb(image) for image in images]
        restored = _restore_padded(restorer, coloured, conditions, trained)
        return [image.mean(axis=0, keepdims=True, dtype=np.float32) for image in restored]
    by_plane = (
        _restore_padded(restorer, [image[n : n + 1] for image in images], conditions, trained)
        for n in range(planes)
    )
    return [np.concatenate(parts, axis=0) for parts in zip(*by_plane, strict=True)]


def _restore_padded(
    restorer: Restorer, images: Sequence[Image], conditions: Sequence[Conditions], trained: bool
) -> list[Image]:
    card, given = restorer.card, list(zip(images, conditions, strict=True))
    # without a name, so that a very large image is let go of once it is restored
    returned = _call(restorer, [_pad(*one, card) for one in given])
    return [_crop(one, *two, card, trained) for one, two in zip(returned, given, strict=True)]


def _call(restorer: Restorer, fed: Sequence[tuple[Image, Conditions]]) -> Sequence[Image]:
    if len(fed) == 1:
        return [restorer.restore(*fed[0])]
    name, together = restorer.card.name, getattr(restorer, "restore_batch", None)
    if together is None:
        raise AloneError(f"{name} takes one image at a time (it has no restore_batch)")
    images, conditions = zip(*fed, strict=True)
    restored: object = together(np.stack(images), conditions)
    if not isinstance(restored, np.ndarray) or restored.shape[:1] != (len(fed),):
        seen = restored.shape if isinstance(restored, np.ndarray) else type(restored).__name__
        raise RestorationError(
            f"{name}: restore_batch returned {seen}; expected an array ({len(fed)}, C, H, W)"
        )
    for (one, other), (before, after) in zip(pairwise(restored), pairwise(images), strict=True):
        if np.array_equal(one, other) and not np.array_equal(before, after):
            raise RestorationError(f"{name}: restore_batch returned one image for two that differ")
    return list(restored)


def _pad(image: Image, conditions: Conditions, card: RestorerCard) -> tuple[Image, Conditions]:
    """What a restorer is given of an image."""
    sides = [(0, _padding(side, card.size_minimum, card.size_multiple)) for side in image.shape[1:]]
    # without the edge pixel repeated, a mosaic goes on with the right colours
    mode: Literal["reflect", "symmetric"] = "symmetric" if conditions.cfa is None else "reflect"
    if conditions.mask is not None:
        conditions = replace(conditions, mask=np.pad(conditions.mask, sides, mode=mode))
    padded = np.pad(image, [(0, 0), *sides], mode=mode)
    return _feed(np.asarray(padded, dtype=np.float32), card), conditions


def _crop(
    restored: Image, image: Image, conditions: Conditions, card: RestorerCard, trained: bool
) -> Image:
    """What a restorer has made of an image, once it has been looked at."""
    scale, (planes, height, width) = conditions.scale, image.shape
    filled = (
        side + _padding(side, card.size_minimum, card.size_multiple) for side in (height, width)
    )
    expected = (planes, *(side * scale for side in filled))
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
