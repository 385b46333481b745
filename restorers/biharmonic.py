"""Inpainting by the biharmonic equation (Damelin & Hoang, Adv. Appl. Math. 2018)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.protocols import Conditions, Restorer, RestorerCard, Task

if TYPE_CHECKING:
    from harness.images import Image


class Biharmonic(Restorer):
    """scikit-image's solver: as smooth as the known pixels allow. Minutes for large holes."""

    card = RestorerCard(
        name="biharmonic",
        tasks=(Task.INPAINT,),
        conditions=("mask",),
        parameters=0,
        licence="BSD-3-Clause",
        paper="Damelin & Hoang, Adv. Appl. Math. 2018",
        source="skimage.restoration.inpaint_biharmonic",
    )

    def __init__(self, *, device: str = "cpu") -> None:
        """Needs no device."""

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Fills in (C, H, W) where `conditions.mask` is true."""
        import numpy as np
        from skimage.restoration import inpaint_biharmonic

        filled = inpaint_biharmonic(image, conditions.mask, split_into_regions=True, channel_axis=0)
        return np.ascontiguousarray(filled, dtype=np.float32)
