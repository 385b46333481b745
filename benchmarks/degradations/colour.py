"""Damage to colour alone. Definitions are those of KADID-10k (Lin, Hosu, Saupe 2019); results have 8 bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.degradations.parameters import Between, Parametrised, Whole, check_colour

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class ColourDiffusion(Parametrised):
    """Blurs a and b of CIELAB by a Gaussian of sigma 1.5 * amount + 2 pixels; lightness stays.

    Args:
        amount: 0 to 20.
    """

    amount: float
    name: ClassVar[str] = "colour-diffusion"
    limits: ClassVar[Mapping[str, Any]] = {"amount": Between(0, 20)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (3, H, W); `generator` is not used."""
        import cv2

        from benchmarks.degradations.lab import from_lab, to_lab

        check_colour(image, self.name)
        lab = to_lab(image)
        lab[..., 1:] = cv2.GaussianBlur(lab[..., 1:], (0, 0), 1.5 * self.amount + 2)
        return from_lab(lab)


@dataclass(frozen=True, slots=True)
class ColourShift(Parametrised):
    """Moves the green plane in a random direction where the image has edges, as a poor lens or scanner does.

    The moved plane is mixed in by the strength of edges: the luma gradient, blurred with sigma 4,
    between its 1st and 99th percentile.

    Args:
        distance: Pixels, 0 to 50.
    """

    distance: float
    name: ClassVar[str] = "colour-shift"
    limits: ClassVar[Mapping[str, Any]] = {"distance": Between(0, 50)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (3, H, W)."""
        import cv2
        import numpy as np

        from harness.images import quantise, to_luma

        check_colour(image, self.name)
        angle = generator.uniform(0, 2 * np.pi)
        luma = to_luma(image)[0]
        rows, columns = (np.diff(luma, axis=axis, append=luma.take([-1], axis)) for axis in (0, 1))
        edges = cv2.GaussianBlur(np.hypot(rows, columns), (0, 0), 4)
        low, high = np.percentile(edges, (1, 99))
        edges = np.clip((edges - low) / max(high - low, 1e-6), 0, 1)
        motion = np.array(
            [[1, 0, self.distance * np.cos(angle)], [0, 1, self.distance * np.sin(angle)]]
        )
        green = cv2.warpAffine(
            image[1], motion, image.shape[:0:-1], borderMode=cv2.BORDER_REPLICATE
        )
        result = image.copy()
        result[1] += edges * (green - image[1])
        return quantise(result)


@dataclass(frozen=True, slots=True)
class ColourQuantisation(Parametrised):
    """A palette of few colours, without dither: Pillow's median cut and k-means over 64 x 64 of the pixels.

    KADID-10k uses the minimum variance palette of MATLAB's `rgb2ind`, which differs in detail.

    Args:
        colours: Size of the palette, 2 to 256.
    """

    colours: int
    name: ClassVar[str] = "colour-quantisation"
    limits: ClassVar[Mapping[str, Any]] = {"colours": Whole(2, 256)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (3, H, W); `generator` is not used."""
        import numpy as np
        from PIL import Image as PillowImage

        from harness.images import from_uint8, to_uint8

        check_colour(image, self.name)
        picture = PillowImage.fromarray(to_uint8(image))
        # a palette of all pixels takes 60 ms instead of 6 and is hardly better
        part = picture.resize(
            (min(picture.width, 64), min(picture.height, 64)), PillowImage.Resampling.NEAREST
        )
        palette = part.quantize(self.colours, PillowImage.Quantize.MEDIANCUT, kmeans=1)
        few = picture.quantize(palette=palette, dither=PillowImage.Dither.NONE)
        return from_uint8(np.asarray(few.convert("RGB")))


@dataclass(frozen=True, slots=True)
class SaturationHsv(Parametrised):
    """Multiplies the saturation of HSV; hue and value stay. A negative factor turns to the opposite hue.

    With value V fixed, saturation is linear in each plane: V - factor * (V - plane).

    Args:
        factor: -1 to 1; 1 is no change, 0 is grey.
    """

    factor: float
    name: ClassVar[str] = "saturation-hsv"
    limits: ClassVar[Mapping[str, Any]] = {"factor": Between(-1, 1)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (3, H, W); `generator` is not used."""
        import numpy as np

        from harness.images import quantise

        check_colour(image, self.name)
        value = image.max(axis=0, keepdims=True)
        return quantise(value - np.float32(self.factor) * (value - image))


@dataclass(frozen=True, slots=True)
class SaturationLab(Parametrised):
    """Multiplies a and b of CIELAB; what leaves the gamut is clipped.

    Args:
        factor: 0 (grey) to 20; 1 is no change.
    """

    factor: float
    name: ClassVar[str] = "saturation-lab"
    limits: ClassVar[Mapping[str, Any]] = {"factor": Between(0, 20)}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (3, H, W); `generator` is not used."""
        from benchmarks.degradations.lab import from_lab, to_lab

        check_colour(image, self.name)
        lab = to_lab(image)
        lab[..., 1:] *= self.factor
        return from_lab(lab)
