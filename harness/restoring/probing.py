"""Tells a network that is fed in the wrong range from a good one.

No error does: it runs, some dB worse. Besides, what a worker says of a restorer before its first
cell.
"""

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from harness.errors import RestorationError, describe_error
from harness.images import Image, read_image
from harness.plugins.specification import RestorerSpec
from harness.protocols import Conditions, DegradedSet, Restorer, RestorerCard, Task
from harness.resizing import imresize
from harness.restoring.adaptation import restore_image
from harness.restoring.build import asks_its_card
from harness.restoring.in_worker import load_restorer
from harness.restoring.plausibility import RANGES
from harness.results import FailureKind
from harness.workers.pool import Trouble

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
    except RestorationError:  # nothing of it, in this range
        kept = -math.inf
    # a third party's code; that it does not run at all is not for the probe to say
    except Exception:
        return None
    if kept >= (GOOD_DB if scale > 1 else STILL_A_PICTURE_DB):
        return None
    fed, returned, best = _best_ranges(restorer, conditions)
    if not best > kept + MARGIN_DB:
        return None
    settings = _settings(card, fed, returned)
    keeps = "nothing" if kept == -math.inf else f"{kept:.1f} dB"
    names = "value_range and output_range" if "output" in settings else "value_range"
    return (
        f"{card.name} is fed in the wrong range: it keeps {keeps} of a probe photograph with "
        f"values in {_span(card)}, and {best:.1f} dB with {settings}; set {settings} (a class: "
        f"{names} on its card), or probe=false if that is how it works"
    )


def _settings(card: RestorerCard, fed: str, returned: str) -> str:
    """What to write behind a path, so that a network is fed and read in these ranges."""
    wanted = [f"range={fed}"] if RANGES[fed] != tuple(card.value_range) else []
    if returned != fed or card.output_range is not None or not wanted:
        wanted.append(f"output_range={returned}")
    return ",".join(wanted)


def _best_ranges(restorer: Restorer, conditions: Conditions) -> tuple[str, str, float]:
    """The ranges fed and returned in which most is kept, and how much that is, in dB.

    Two different ones have to keep more than any that is fed and returned.
    """
    replayed = _Replayed(restorer)
    kept = {
        (fed, returned): _kept_in(replayed, RANGES[fed], RANGES[returned], conditions)
        for fed in RANGES
        for returned in RANGES
    }
    best = max(kept, key=lambda pair: kept[pair] - MARGIN_DB * (pair[0] != pair[1]))
    return *best, kept[best]


class _Replayed(Restorer):
    """Runs a restorer once on each input: what comes out is read in several ranges."""

    def __init__(self, inner: Restorer) -> None:
        self.inner, self.card = inner, inner.card
        self._known: dict[bytes, Image] = {}

    def restore(self, image: Image, conditions: Conditions) -> Image:
        key = image.tobytes()
        if key not in self._known:
            self._known[key] = self.inner.restore(image, conditions)
        return self._known[key]


def _kept_in(
    replayed: _Replayed,
    fed: tuple[float, float],
    returned: tuple[float, float],
    conditions: Conditions,
) -> float:
    card = replayed.inner.card
    replayed.card = replace(card, value_range=fed, output_range=returned)
    try:
        return _kept_db(replayed, conditions)
    except Exception:  # see above
        return -math.inf


def _kept_db(restorer: Restorer, conditions: Conditions) -> float:
    photo = probe_photo()
    photo = (
        photo
        if 3 in restorer.card.channels
        else photo.mean(axis=0, keepdims=True, dtype=np.float32)
    )
    # what is no picture at all still says by how much: a network may not be trained
    restored = restore_image(restorer, photo.copy(), conditions, trained=False)
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


def describe_restorer(
    spec: RestorerSpec, sets: Sequence[DegradedSet]
) -> tuple[RestorerCard, dict[str, str | None], bool, list[str]] | Trouble:
    """A restorer's card, why it cannot be run on each set, and whether the card alone says so.

    Besides, what it has to say of the sets that it can be run on: `notes`, where it has that. Runs
    in a worker.
    """
    try:
        restorer = load_restorer(spec, "cpu").restorer
        reasons = {item.name: restorer.supports(item) for item in sets}
        notes = [
            f"on {item.name}: {note}"
            for item in sets
            if not reasons[item.name] and hasattr(restorer, "notes")
            for note in restorer.notes(item)
        ]
        return restorer.card, reasons, asks_its_card(restorer), notes
    except BaseException as error:
        return Trouble(FailureKind.LOAD, describe_error(error))


def probe_restorer(spec: RestorerSpec) -> str | None:
    """What `wrong_range` says of a restorer; runs in the worker of `describe_restorer`."""
    try:
        return wrong_range(load_restorer(spec, "cpu").restorer)
    except BaseException:  # what a restorer does to its worker is for its cells to tell
        return None
