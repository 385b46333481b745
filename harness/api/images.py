"""One image degraded or restored, as an array."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.conditions import Conditions
from harness.errors import InputError

if TYPE_CHECKING:
    from harness.cards import RestorerCard
    from harness.images import Image

HINTS = {"sigma_255": "give --sigma", "quality": "give --quality", "cfa": "give --cfa"}
"""What mends it that a restorer is not told something; in Python, the field of `Conditions`."""


def degrade(
    image: Image | str | Path, recipe: str, *, seed: int | None = None, name: str = "image"
) -> Image:
    """Degrades one image, the same way for the same arguments.

    Args:
        image: Float32 (C, H, W) in [0, 1], or a file.
        recipe: As after `restobench degrade`: `gaussian-noise:sigma_255=25`, a chain of these
            joined by `+`, a set's name, or a TOML file.
        seed: Of its randomness; default: the recipe's own.
        name: The image's, on which its randomness depends as well; a file has its own.

    Returns:
        Float32 (C, H', W'); not clipped where the recipe does not clip.

    Raises:
        ImageError: It is no image.
        InputError: It is no recipe.
    """
    from harness.plugins.degradation_text import parse_recipe
    from harness.sets.degrading import degrade_image

    known = parse_recipe(recipe)
    known = replace(known, seed=known.seed if seed is None else seed)
    pixels, own = _pixels(image, name)
    return degrade_image(known, pixels, own)[1]


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

    pixels, _ = _pixels(image, "")
    with alone(restorer):
        built = build_here(name_things(restorer), Feeding(), device_of(restorer))
        [(found, _)] = built.values()
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


def _pixels(image: Image | str | Path, name: str) -> tuple[Image, str]:
    from harness.images import check_image, read_image

    if isinstance(image, str | Path):
        return read_image(image), Path(image).stem
    return check_image(image), name
