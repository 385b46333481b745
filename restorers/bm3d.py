"""Block matching and 3D filtering (Dabov, Foi, Katkovnik, Egiazarian, IEEE TIP 2007)."""

from harness.protocols import Conditions, RestorerCard, Task
from restorers._arrays import Image
from restorers._classical import Classical
from restorers._missing import absent_package


class BM3D(Classical):
    """The authors' own package; for non-commercial use only. Half a minute for 512x512 RGB."""

    card = RestorerCard(
        name="bm3d",
        tasks=(Task.DENOISE,),
        conditions=("sigma_255",),
        parameters=0,
        licence="LicenseRef-BM3D-noncommercial",
        paper="Dabov et al., IEEE TIP 2007",
        source="bm3d",
        only_when_named=True,
    )

    @classmethod
    def missing(cls) -> str | None:
        """Says how to install the package."""
        return absent_package("bm3d", "pip install 'restobench[noncommercial]'")

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Denoises (C, H, W) with noise of `conditions.sigma_255`."""
        import bm3d
        import numpy as np

        sigma = float(conditions.sigma_255 or 0) / 255
        pixels = image.transpose(1, 2, 0)
        restored = (
            bm3d.bm3d_rgb(pixels, sigma)
            if image.shape[0] == 3
            else bm3d.bm3d(pixels[..., 0], sigma)
        )
        return np.ascontiguousarray(np.atleast_3d(restored).transpose(2, 0, 1), dtype=np.float32)
