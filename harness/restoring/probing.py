"""Tells a network that is fed in the wrong range from a good one.

No error does: it runs, some dB worse.
"""

import copy
import importlib.util
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from harness.images import Image, read_image
from harness.protocols import Conditions, Restorer, RestorerCard, Task
from harness.resizing import imresize
from harness.restoring.adaptation import restore_image

RANGES = {"1": (0.0, 1.0), "255": (0.0, 255.0), "-1..1": (-1.0, 1.0)}
"""What networks are fed, as users write it after `range=`."""

CHANGES_THE_PICTURE = frozenset({Task.DEHAZE, Task.LOW_LIGHT, Task.INPAINT, Task.DEMOSAIC})
"""What these tasks return is rightly far from what they are given: the probe says nothing."""

GOOD_DB = 40.0
"""Nothing that is fed in a wrong range keeps so much: the other ranges are not tried."""

STILL_A_PICTURE_DB = 22.0
"""While a network that keeps the size keeps so much, another range that keeps more proves nothing.

It may rightly smooth a clean photograph, and does nothing in a range too large for it.
"""

MARGIN_DB = 6.0
"""Measured: RLFN keeps 23 dB more in its own range.

Of 12 networks in their own range none keeps more in another.
"""


def wrong_range(restorer: Restorer) -> str | None:
    """Runs a restorer on a small photograph in its card's range, and in others if little is kept.

    What is measured is the PSNR between the photograph and the restored image, reduced to its size:
    super-resolution, denoising and artifact removal all keep a clean photograph nearly as it is.

    Args:
        restorer: A restorer that has been built.

    Returns:
        What is wrong and which range to set, or `None`: the range is right, makes no difference, or
        cannot be probed.
    """
    card = restorer.card
    if card.parameters == 0 or CHANGES_THE_PICTURE & set(card.tasks):
        return None
    scale = min(card.scales or (2 if Task.SUPER_RESOLVE in card.tasks else 1,))
    conditions = Conditions(scale=scale, sigma_255=10.0, quality=75)
    if any(getattr(conditions, name) is None for name in card.conditions):
        return None
    try:
        kept = _kept_db(restorer, conditions)
    # a third party's code; that it does not run at all is not for the probe to say
    except Exception:
        return None
    if kept >= (GOOD_DB if scale > 1 else STILL_A_PICTURE_DB):
        return None
    others = {
        name: _kept_in(restorer, span, conditions)
        for name, span in RANGES.items()
        if span != tuple(card.value_range)
    }
    better, best = max(others.items(), key=lambda item: item[1])
    if best < kept + MARGIN_DB:
        return None
    return (
        f"{card.name} is fed in the wrong range: it keeps {kept:.1f} dB of a probe photograph with "
        f"values in {_span(card)}, and {best:.1f} dB with range={better}; set range={better} (a "
        "class: value_range on its card), or probe=false if that is how it works"
    )


def _kept_in(restorer: Restorer, span: tuple[float, float], conditions: Conditions) -> float:
    other = copy.copy(restorer)
    try:
        other.card = replace(restorer.card, value_range=span)
        return _kept_db(other, conditions)
    except Exception:  # see above
        return float("-inf")


def _kept_db(restorer: Restorer, conditions: Conditions) -> float:
    photo = probe_photo()
    photo = (
        photo
        if 3 in restorer.card.channels
        else photo.mean(axis=0, keepdims=True, dtype=np.float32)
    )
    restored = restore_image(restorer, photo.copy(), conditions)
    reduced = (
        imresize(restored, 1 / conditions.scale, rounding="none")
        if conditions.scale > 1
        else restored
    )
    return float(-10 * np.log10(np.mean((reduced - photo) ** 2, dtype=np.float64) + 1e-12))


@lru_cache(maxsize=1)
def probe_photo() -> Image:
    """The face of scikit-image's astronaut, reduced by 4: float32 (3, 48, 48)."""
    spec = importlib.util.find_spec("skimage")
    folder = Path(str(spec.origin)).parent if spec else Path()
    photo = read_image(folder / "data" / "astronaut.png")
    return imresize(photo[:, 16:208, 128:320], 0.25)


def _span(card: RestorerCard) -> str:
    low, high = card.value_range
    return f"{low:g}..{high:g}"
