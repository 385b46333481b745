"""Damage to colour alone, defined as in KADID-10k (Lin, Hosu, Saupe 2019); results have 8 bits."""

from typing import Annotated

from benchmarks.degradations.parameters import (
    Between,
    Generator,
    Image,
    Parametrised,
    Rounded,
    Whole,
    check_colour,
    degradation,
)


@degradation("colour-diffusion")
class ColourDiffusion(Parametrised):
    """Blurs a and b of CIELAB by a Gaussian of sigma 1.5 * amount + 2 pixels; lightness stays.

    Args:
        amount: 0 to 20.
    """

    amount: Annotated[float, Between(0, 20)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (3, H, W); `generator` is not used."""
        import cv2

        from benchmarks.degradations.lab import from_lab, to_lab

        check_colour(image, self.name)
        lab = to_lab(image)
        lab[..., 1:] = cv2.GaussianBlur(lab[..., 1:], (0, 0), 1.5 * self.amount + 2)
        return from_lab(lab)


@degradation("colour-shift")
class ColourShift(Rounded):
    """Moves the green plane where the image has edges, as a poor lens or scanner does.

    The direction is random. The moved plane is mixed in by the strength of edges: the luma
    gradient, blurred with sigma 4, between its 1st and 99th percentile.

    Args:
        distance: Pixels, 0 to 50.
    """

    distance: Annotated[float, Between(0, 50)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        import cv2
        import numpy as np

        from harness.images import to_luma

        check_colour(image, self.name)
        angle = generator.uniform(0, 2 * np.pi)
        luma = to_luma(image)[0]
        rows, columns = (np.diff(luma, axis=axis, append=luma.take([-1], axis)) for axis in (0, 1))
        edges = cv2.GaussianBlur(np.hypot(rows, columns), (0, 0), 4)
        low, high = np.percentile(edges, (1, 99))
        edges = np.clip((edges - low) / max(high - low, 1e-6), 0, 1)
        right, down = self.distance * np.cos(angle), self.distance * np.sin(angle)
        motion, size = np.array([[1, 0, right], [0, 1, down]]), image.shape[:0:-1]
        green = cv2.warpAffine(image[1], motion, size, borderMode=cv2.BORDER_REPLICATE)
        result = image.copy()
        result[1] += edges * (green - image[1])
        return result


@degradation("colour-quantisation")
class ColourQuantisation(Parametrised):
    """A palette of few colours, without dither.

    The palette is Pillow's median cut and k-means over 64 x 64 of the pixels. KADID-10k uses the
    minimum variance palette of MATLAB's `rgb2ind`, which differs in detail.

    Args:
        colours: Size of the palette, 2 to 256.
    """

    colours: Annotated[int, Whole(2, 256)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (3, H, W); `generator` is not used."""
        import numpy as np
        from PIL import Image as PillowImage

        from harness.images import from_uint8, to_uint8

        check_colour(image, self.name)
        picture = PillowImage.fromarray(to_uint8(image))
        # a palette of all pixels takes 60 ms instead of 6 and is hardly better
        size = (min(picture.width, 64), min(picture.height, 64))
        part = picture.resize(size, PillowImage.Resampling.NEAREST)
        palette = part.quantize(self.colours, PillowImage.Quantize.MEDIANCUT, kmeans=1)
        few = picture.quantize(palette=palette, dither=PillowImage.Dither.NONE)
        return from_uint8(np.asarray(few.convert("RGB")))


@degradation("saturation-hsv")
class SaturationHsv(Rounded):
    """Multiplies the saturation of HSV; hue and value stay.

    A negative factor turns to the opposite hue. With value V fixed, saturation is linear in each
    plane: V - factor * (V - plane).

    Args:
        factor: -1 to 1; 1 is no change, 0 is grey.
    """

    factor: Annotated[float, Between(-1, 1)]

    def _degrade(self, image: Image, generator: Generator) -> Image:
        check_colour(image, self.name)
        value: Image = image.max(axis=0, keepdims=True)
        return value - self.factor * (value - image)


@degradation("saturation-lab")
class SaturationLab(Parametrised):
    """Multiplies a and b of CIELAB; what leaves the gamut is clipped.

    Args:
        factor: 0 (grey) to 20; 1 is no change.
    """

    factor: Annotated[float, Between(0, 20)]

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (3, H, W); `generator` is not used."""
        from benchmarks.degradations.lab import from_lab, to_lab

        check_colour(image, self.name)
        lab = to_lab(image)
        lab[..., 1:] *= self.factor
        return from_lab(lab)
