"""Shrinking by a whole factor, by each library that people use.

They differ, so they have names of their own.
"""

from typing import Annotated

from benchmarks.degradations.parameters import (
    Generator,
    Image,
    OneOf,
    Parametrised,
    Rounded,
    Whole,
    degradation,
)

Scale = Annotated[int, Whole(2, 16)]


@degradation("imresize")
class MatlabBicubic(Parametrised):
    """Convention A: antialiased bicubic of uint8, bit-exact with the public LR of Set5 and Set14.

    Args:
        scale: Factor, a whole number from 2 to 16.
    """

    scale: Scale

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Shrinks (C, H, W) to (C, H / scale, W / scale) of 8 bits; `generator` is not used."""
        from harness.resizing import imresize

        return imresize(image, 1 / self.scale)


@degradation("imresize-float")
class MatlabBicubicFloat(Parametrised):
    """Convention B: the same filter on float input; nothing is rounded.

    Args:
        scale: Factor, a whole number from 2 to 16.
    """

    scale: Scale

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Shrinks (C, H, W) to (C, H / scale, W / scale); `generator` is not used."""
        from harness.resizing import imresize

        return imresize(image, 1 / self.scale, rounding="none")


@degradation("imresize-rounded-once")
class MatlabBicubicRoundedOnce(Rounded):
    """The same filter on float input, rounded to 8 bits once, at the end.

    This is the LR that BasicSR and KAIR make. 10-15 % of the pixels differ from MATLAB's by up to
    2 levels (convention A).

    Args:
        scale: Factor, a whole number from 2 to 16.
    """

    scale: Scale

    def _degrade(self, image: Image, generator: Generator) -> Image:
        return MatlabBicubicFloat(self.scale)(image, generator)


@degradation("opencv-resize")
class OpenCVResize(Parametrised):
    """`cv2.resize` of uint8. Only `area` is antialiased.

    Args:
        scale: Factor, a whole number from 2 to 16.
        method: cubic, linear, area or lanczos.
    """

    scale: Scale
    method: Annotated[str, OneOf(("cubic", "linear", "area", "lanczos"))] = "cubic"

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Shrinks (C, H, W) to (C, H / scale, W / scale) of 8 bits; `generator` is not used."""
        import cv2

        from harness.images import from_uint8, to_uint8

        flag = {"cubic": cv2.INTER_CUBIC, "linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}
        interpolation = flag.get(self.method, cv2.INTER_LANCZOS4)
        height, width = _shrunk(image, self.scale)
        small = cv2.resize(to_uint8(image), (width, height), interpolation=interpolation)
        return from_uint8(small.reshape(height, width, image.shape[0]))


@degradation("pillow-resize")
class PillowResize(Parametrised):
    """`PIL.Image.resize` of uint8: antialiased, cubic with a = -0.5.

    It is rounded otherwise than MATLAB's.

    Args:
        scale: Factor, a whole number from 2 to 16.
        method: bicubic, bilinear, box, hamming or lanczos.
    """

    scale: Scale
    method: Annotated[str, OneOf(("bicubic", "bilinear", "box", "hamming", "lanczos"))] = "bicubic"

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Shrinks (C, H, W) to (C, H / scale, W / scale) of 8 bits; `generator` is not used."""
        import numpy as np
        from PIL import Image as PillowImage

        from harness.images import from_uint8, to_uint8

        height, width = _shrunk(image, self.scale)
        pixels = to_uint8(image)
        picture = PillowImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        small = picture.resize((width, height), PillowImage.Resampling[self.method.upper()])
        return from_uint8(np.asarray(small).reshape(height, width, image.shape[0]))


@degradation("nearest-resize")
class NearestResize(Parametrised):
    """Decimation: the top left pixel of each block.

    OpenCV's INTER_NEAREST and KAIR's direct downsampler do so.

    Args:
        scale: Factor, a whole number from 2 to 16.
    """

    scale: Scale

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Shrinks (C, H, W) to (C, H / scale, W / scale); `generator` is not used."""
        return image[:, :: self.scale, :: self.scale].copy()


def _shrunk(image: Image, scale: int) -> tuple[int, int]:
    """Height and width after shrinking, rounded up as MATLAB does."""
    return -(-image.shape[1] // scale), -(-image.shape[2] // scale)
