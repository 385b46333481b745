"""What a restorer is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from harness.cards import RestorerCard
from harness.conditions import Conditions
from harness.protocols.benchmark import DegradedSet

if TYPE_CHECKING:
    from harness.images import Image


def card_mismatch(card: RestorerCard, degraded_set: DegradedSet) -> str | None:
    """Why a restorer with this card cannot be run on a set, or `None`."""
    if card.tasks and degraded_set.task not in card.tasks:
        return f"does not {degraded_set.task} (its tasks: {', '.join(card.tasks)})"
    if card.scales and degraded_set.conditions.scale not in card.scales:
        scales = ", ".join(f"x{scale}" for scale in card.scales)
        return f"has no x{degraded_set.conditions.scale} (its scales: {scales})"
    for name in card.conditions:
        if not degraded_set.conditions.knows(name):
            return f"needs {name}, which the set does not know"
    return None


@runtime_checkable
class Restorer(Protocol):
    """A third-party restoration model behind one method.

    A class is registered; the harness builds it in a worker process with `cls(device=...,
    **parameters)`.
    """

    card: RestorerCard

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores one image.

        Args:
            image: Float32 (C, H, W), C as the card says, height and width a multiple of
                `card.size_multiple`; usually in `card.value_range`, outside of it for unclipped
                noise.
            conditions: What the set knows about the degradation.

        Returns:
            Float32 (C, scale * H, scale * W). Values outside `card.value_range` are clipped by the
            harness.
        """

    def supports(self, degraded_set: DegradedSet) -> str | None:
        """Why this restorer cannot be run on a set, or `None`. The default asks the card."""
        return card_mismatch(self.card, degraded_set)

    @classmethod
    def missing(cls) -> str | None:
        """What is missing here and what mends it, or `None`. Must import nothing heavy."""
        return None


@runtime_checkable
class BatchRestorer(Restorer, Protocol):
    """A restorer that can restore images of one size together (`restobench run --batch N`).

    `restore` stays what says how an image is restored: what a batch returns may differ from it in
    the last digits, and is otherwise done again, image by image. So is a batch that fails.
    """

    def restore_batch(self, images: Image, conditions: Sequence[Conditions]) -> Image:
        """Restores several images of one set.

        Args:
            images: Float32 (N, C, H, W), each as `restore` gets it.
            conditions: Of each; of one scale, and otherwise perhaps of several kinds.

        Returns:
            Float32 (N, C, scale * H, scale * W).
        """
