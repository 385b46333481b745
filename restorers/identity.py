"""The degraded image itself: what every restorer has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.protocols import Conditions, Restorer, RestorerCard

if TYPE_CHECKING:
    from harness.images import Image


class Identity(Restorer):
    """Returns its input; sets that change the size are not supported."""

    card = RestorerCard(name="identity", parameters=0, licence="Apache-2.0", source="restobench")

    def __init__(self, *, device: str = "cpu") -> None:
        """Needs no device."""

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Returns a copy of the input (C, H, W)."""
        return image.copy()
