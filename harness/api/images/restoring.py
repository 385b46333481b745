"""Single images degraded and restored: arrays and files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.api.arguments import from_0
from harness.api.images.pixels import pixels_of
from harness.conditions import Conditions
from harness.errors import InputError
from harness.workers.as_in_workers import as_in_workers

if TYPE_CHECKING:
    from harness.cards import RestorerCard
    from harness.images import Image

HINTS = {"sigma_255": "give --sigma", "quality": "give --quality", "cfa": "give --cfa"}
"""What mends it that a restorer is not told something; in Python, the field of `Conditions`."""


def degrade(
    image: Image | str | Path,
    recipe: str | Path,
    *,
    seed: int | None = None,
    name: str | None = None,
) -> Image:
    """Degrades one image, the same way for the same arguments.

    Args:
        image: Float32 (C, H, W) in [0, 1], or a file.
        recipe: As after `restobench degrade`: `gaussian-noise:sigma_255=25`, a chain of these
            joined by `+`, a set's name, or a TOML file.
        seed: Of its randomness; default: the recipe's own.
        name: The image's, on which its randomness depends as well; default: that of the file, or
            `image`.

    Returns:
        Float32 (C, H', W'); not clipped where the recipe does not clip.

    Raises:
        ImageError: It is no image.
        InputError: It is no recipe.
    """
    from harness.plugins.degradation_text import parse_recipe
    from harness.sets.degrading import degrade_image

    if not isinstance(recipe, str | Path) or not str(recipe).strip():
        raise InputError(f"recipe is {recipe!r:.60}; expected text, a set's name or a TOML file")
    known = parse_recipe(str(recipe))
    if seed is not None:
        known = replace(known, seed=from_0(seed, "seed"))
    pixels, own = pixels_of(image, "image")
    with as_in_workers():
        return degrade_image(known, pixels, own if name is None else str(name))[1]


def restore(
    image: Image | str | Path, restorer: object, conditions: Conditions | None = None
) -> Image:
    """Restores one image in this process.

    Args:
        image: Float32 (C, H, W), or a file.
        restorer: As for `evaluate`.
        conditions: What is known of the degradation; default: the restorer's smallest scale.

    Returns:
        Float32 (C, scale * H, scale * W) in [0, 1].

    Raises:
        ImageError: It is no image.
        InputError: It is no restorer, or one that has to know more.
        RestorationError: What came of it is no restored image.
    """
    from harness.api.in_process import alone
    from harness.api.planning import build_here, name_things
    from harness.restoring.adaptation import restore_image
    from harness.restoring.build import seed_everything
    from harness.restoring.wrapping import Feeding, device_of

    pixels, _ = pixels_of(image, "")
    if conditions is not None and not isinstance(conditions, Conditions):
        raise InputError(f"conditions is {conditions!r:.60}; expected harness.Conditions(...)")
    things = name_things(restorer)
    if len(things) > 1:
        raise InputError(f"{len(things)} restorers are given; expected one")
    [thing] = things.values()
    with alone(thing):
        [(found, _)] = build_here(things, Feeding(), device_of(thing)).values()
        known = conditions or Conditions(min(found.card.scales or (1,)))
        require_known(found.card, known)
        seed_everything()
        return restore_image(found, pixels, known)


def require_known(card: RestorerCard, known: Conditions) -> None:
    """Refuses what a restorer cannot do, or has to be told more of.

    Raises:
        InputError: Says what, and what to give.
    """
    if card.scales and known.scale not in card.scales:
        scales = ", ".join(map(str, card.scales))
        raise InputError(f"{card.name} has no x{known.scale}; its scales: {scales}")
    for name in card.conditions:
        if not known.knows(name):
            how = HINTS.get(name, "run it on a set that knows it, with `restobench run`")
            raise InputError(f"{card.name} needs to know {name}: {how}")
