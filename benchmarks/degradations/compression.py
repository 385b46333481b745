"""What becomes of an image in a file: lossy compression by Pillow's encoders, and 8 bits."""

from io import BytesIO
from typing import Annotated, ClassVar

from benchmarks.degradations.parameters import (
    Between,
    Generator,
    Image,
    Parametrised,
    Rounded,
    Whole,
    degradation,
)
from harness.conditions import Conditions
from harness.errors import UnavailableError


@degradation("jpeg")
class Jpeg(Parametrised):
    """Convention F: Pillow's baseline JPEG with its default 4:2:0 chroma; a grey plane stays grey.

    Args:
        quality: 1 to 100.
    """

    quality: Annotated[int, Whole(1, 100)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Compresses (C, H, W); `generator` is not used."""
        return _through_file(image, "JPEG", quality=self.quality)


@degradation("jpeg2000")
class Jpeg2000(Parametrised):
    """JPEG 2000 with the irreversible wavelet, at a given size.

    The 185 bytes of headers are not counted: on a small crop nothing else would be left of a high
    ratio.

    Args:
        ratio: Bytes of the pixels over bytes of the code, 2 to 1000.
    """

    ratio: Annotated[float, Between(2, 1000)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Compresses (C, H, W); `generator` is not used."""
        rate = image.size / (image.size / self.ratio + 185)
        return _through_file(
            image,
            "JPEG2000",
            quality_mode="rates",
            quality_layers=[rate],
            irreversible=True,
            no_jp2=True,
        )


@degradation("webp")
class WebP(Parametrised):
    """Lossy WebP; a grey plane becomes grey RGB in the file and the first plane comes back.

    Args:
        quality: 0 to 100, of another scale than JPEG's; restorers are not told.
    """

    quality: Annotated[int, Whole(0, 100)]
    conditions: ClassVar[Conditions] = Conditions()

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Compresses (C, H, W); `generator` is not used."""
        return _through_file(image, "WEBP", quality=self.quality)


@degradation("avif")
class Avif(Parametrised):
    """AVIF, if Pillow here can write it (from 11.3 on).

    Args:
        quality: 0 to 100, of another scale than JPEG's; restorers are not told.
    """

    quality: Annotated[int, Whole(0, 100)]
    conditions: ClassVar[Conditions] = Conditions()

    @classmethod
    def missing(cls) -> str | None:
        """Why Pillow here cannot do it."""
        from PIL import features

        if "avif" in features.modules and features.check("avif"):
            return None
        return "the installed Pillow has no AVIF: pip install 'pillow>=11.3'"

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Compresses (C, H, W); `generator` is not used.

        Raises:
            UnavailableError: Pillow here has no AVIF.
        """
        reason = self.missing()
        if reason:
            raise UnavailableError(f"{self.name} is not usable here: {reason}")
        # one thread: the encoder's tiles, and with them the pixels, must not depend on the machine
        return _through_file(image, "AVIF", quality=self.quality, max_threads=1)


@degradation("eight-bits")
class EightBits(Rounded):
    """Clips to [0, 1] and rounds to 8 bits: what happens when an image becomes a file."""

    def _degrade(self, image: Image, generator: Generator) -> Image:
        return image


def _through_file(image: Image, format: str, **options: object) -> Image:
    import numpy as np
    from PIL import Image as PillowImage

    from harness.images import from_uint8, to_uint8

    pixels = to_uint8(image)
    picture = PillowImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    file = BytesIO()
    picture.save(file, format=format, **options)
    decoded = np.asarray(PillowImage.open(file))
    return from_uint8(np.atleast_3d(decoded)[..., : image.shape[0]])
