"""Whether what a restorer returned may be a picture of what it was given."""

import numpy as np
import numpy.typing as npt

from harness.errors import RestorationError
from harness.images import Image
from harness.protocols import RestorerCard

RANGES = {"1": (0.0, 1.0), "255": (0.0, 255.0), "-1..1": (-1.0, 1.0)}
"""What networks are fed and return, as users write it after `range=`."""

FAR = 4.0
"""So far beyond white (1) no restorer overshoots: what it returns has another range."""

_LEVEL = 1 / 255
_BEYOND = 0.1
_LOOKED_AT = 256
"""Rows and columns of a picture that are looked at: a share of pixels needs no more."""

_PARTS = 8
"""Rows and columns of parts whose means tell what is in a picture, whatever noise is over it."""

_STRUCTURE = 0.06
"""Standard deviation of these means from which on a picture is not flat."""


def check_not_blank(restored: Image, image: Image, returned: Image, card: RestorerCard) -> None:
    """Refuses what is white, black or clipped all over where its input is not.

    Args:
        restored: What came back, with black at 0 and white at 1, before it is clipped.
        image: What was given.
        returned: What came back as it was.
        card: The restorer's.

    Raises:
        RestorationError: Says what to set.
    """
    _refuse(_blank(restored, image), returned, card)


def check_picture(
    restored: Image, image: Image, returned: Image, card: RestorerCard, *, whole: bool
) -> None:
    """Refuses what is clipped in large part, flat or a negative where its input is not.

    Args:
        restored: As of `check_not_blank`, and likewise the next three.
        image: See there.
        returned: See there.
        card: See there.
        whole: Whether the input shows the whole picture: what a mask hides it does not.

    Raises:
        RestorationError: Says what to set.
    """
    before = _some(image)
    structured = _structured(before)
    if structured.any():
        after = _some(restored)
        what = _clipped(after, before)
        if not what and whole:
            what = _unlike(after[structured], before[structured], len(image))
        _refuse(what, returned, card)


def _refuse(what: str, returned: Image, card: RestorerCard) -> None:
    if not what:
        return
    black, white = card.output_range or card.value_range
    values = f"{float(returned.min()):.4g} to {float(returned.max()):.4g}"
    likely = _likely_range(returned, (black, white))
    advice = f"set output_range={likely} (a class: output_range on its card), or " if likely else ""
    raise RestorationError(
        f"{card.name} returned values from {values}, where {black:g} is black and {white:g} is "
        f"white: the picture is {what} where the degraded one is not; {advice}"
        + ("return other values" if likely else "return values in that output_range")
    )


def _blank(restored: Image, image: Image) -> str:
    """White, black or clipped all over.

    The median and not the mean is looked at: clipped noise on black has a mean, and a good denoiser
    makes it black.
    """
    low, high = float(restored.min()), float(restored.max())
    if high > FAR * max(1.0, float(image.max())):
        beyond = float(np.mean(restored > 1))
        # what is not black in the input is white in the result
        return "white" if beyond >= 0.9 * float(np.mean(image > 2 * _LEVEL)) else ""
    if high < 1.5 * _LEVEL:
        return "black" if float(np.median(image)) > 5 * _LEVEL else ""
    if low > 1 - 1.5 * _LEVEL:
        return "white" if float(np.median(image)) < 1 - 5 * _LEVEL else ""
    return ""


def _clipped(after: Image, before: Image) -> str:
    """Beyond black and white in a seventh of its pixels, or in a third of a plane's.

    Where the input is as good as black or white already, nothing is lost by it.
    """
    black = _share(after < -_BEYOND) - _share(before < 1.5 * _BEYOND)
    white = _share(after > 1 + _BEYOND) - _share(before > 1 - 1.5 * _BEYOND)
    shares = np.maximum(black, 0) + np.maximum(white, 0)
    if shares.max() > 0.3:
        return f"clipped in {shares.max():.0%} of the pixels of a plane"
    return f"clipped in {shares.mean():.0%} of its pixels" if shares.mean() > 0.15 else ""


def _share(of: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """For each plane."""
    return np.asarray(of.mean(axis=(1, 2)))


def _structured(small: Image) -> npt.NDArray[np.bool_]:
    """Planes that are neither flat nor mere noise, of which a restorer may make anything."""
    if min(small.shape[1:]) < 4 * _PARTS:  # too few pixels in a part to tell
        return np.zeros(len(small), bool)
    pixels = small.shape[1] * small.shape[2] / _PARTS**2
    steps = np.diff(small, axis=2).std(axis=(1, 2)) / np.sqrt(2 * pixels)
    return np.asarray(_parts(small).std(axis=1) > np.maximum(_STRUCTURE, 3 * steps))


def _unlike(restored: Image, image: Image, planes: int) -> str:
    """Flat, or a negative: by the means of its parts."""
    for after, before in zip(_parts(restored), _parts(image), strict=True):
        if float(after.std()) < 0.1 * float(before.std()):
            return "flat in a plane" if planes > 1 else "flat"
        if float(np.corrcoef(after, before)[0, 1]) < -0.5:
            return "a negative, dark where it is bright,"
    return ""


def _parts(small: Image) -> npt.NDArray[np.float64]:
    """Means of equal parts: (planes, parts)."""
    high, wide = (side // _PARTS for side in small.shape[1:])
    cut = small[:, : high * _PARTS, : wide * _PARTS]
    rows = cut.reshape(len(cut), _PARTS, high, -1).mean(axis=2, dtype=np.float64)
    return np.asarray(rows.reshape(len(cut), _PARTS, _PARTS, wide).mean(axis=3)).reshape(
        len(cut), -1
    )


def _some(image: Image) -> Image:
    step = max(1, min(image.shape[1:]) // _LOOKED_AT)
    return np.ascontiguousarray(image[:, ::step, ::step])


def _likely_range(returned: Image, declared: tuple[float, float]) -> str | None:
    """The range that would make a picture of it, or `None`: none of those that can be set."""
    low, high = float(returned.min()), float(returned.max())
    likely = "255" if high > FAR else "-1..1" if low < -0.1 else "1"
    black, white = RANGES[likely]
    slack = 0.25 * (white - black)
    if declared == (black, white) or low < black - slack or high > white + slack:
        return None
    return likely
