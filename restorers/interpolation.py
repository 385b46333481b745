"""Interpolation by Pillow: the baselines of super-resolution."""

from typing import ClassVar

from harness.protocols import Conditions, RestorerCard, Task
from restorers._arrays import Image
from restorers._classical import Classical


class _Interpolation(Classical):
    filter: ClassVar[str]

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (C, H, W) to (C, scale * H, scale * W), in 32-bit floats."""
        import numpy as np
        from PIL import Image as PillowImage

        size = (image.shape[2] * conditions.scale, image.shape[1] * conditions.scale)
        resample = PillowImage.Resampling[self.filter]
        planes = [PillowImage.fromarray(plane).resize(size, resample) for plane in image]
        return np.stack([np.asarray(plane) for plane in planes]).astype(np.float32)


def _card(name: str) -> RestorerCard:
    return RestorerCard(
        name=name,
        tasks=(Task.SUPER_RESOLVE,),
        scales=(2, 3, 4, 8),
        parameters=0,
        licence="MIT-CMU",
        source="Pillow",
    )


class Nearest(_Interpolation):
    """Repeats each pixel."""

    card, filter = _card("nearest"), "NEAREST"


class Bicubic(Classical):
    """MATLAB's `imresize` on floats: cubic convolution with a = -0.5, mirrored at the borders."""

    card = RestorerCard(
        name="bicubic",
        tasks=(Task.SUPER_RESOLVE,),
        scales=(2, 3, 4, 8),
        parameters=0,
        licence="Apache-2.0",
        paper="Keys, IEEE TASSP 1981",
        source="restobench",
    )

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (C, H, W) to (C, scale * H, scale * W)."""
        from harness.resizing import imresize

        return imresize(image, conditions.scale, rounding="none")


class Lanczos(_Interpolation):
    """Windowed sinc of three lobes."""

    card, filter = _card("lanczos"), "LANCZOS"
