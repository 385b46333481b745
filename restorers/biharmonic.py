"""Inpainting by the biharmonic equation (Damelin & Hoang, Adv. Appl. Math. 2018)."""

from harness.protocols import Conditions, RestorerCard, Task
from restorers._arrays import Image
from restorers._classical import Classical


class Biharmonic(Classical):
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

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Fills in (C, H, W) where `conditions.mask` is true."""
        import numpy as np
        from skimage.restoration import inpaint_biharmonic

        filled = inpaint_biharmonic(image, conditions.mask, split_into_regions=True, channel_axis=0)
        return np.ascontiguousarray(filled, dtype=np.float32)
