"""Steps of the practical pipelines that are no degradations by themselves.

They resample to any size, convolve with a given kernel, and add noise of several kinds.
"""

from collections.abc import Mapping

from benchmarks.degradations.parameters import Array, Generator, Image, Parametrised, degradation
from harness.conditions import Kernel


@degradation("resample")
class Resample(Parametrised):
    """OpenCV's resize of float values to a given size; nothing is rounded.

    Args:
        height: Of the result.
        width: Of the result.
        method: cubic, linear, area or nearest.
    """

    height: int
    width: int
    method: str

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Resizes (C, H, W); `generator` is not used."""
        import cv2
        import numpy as np

        flags = {
            "cubic": cv2.INTER_CUBIC,
            "linear": cv2.INTER_LINEAR,
            "area": cv2.INTER_AREA,
            "nearest": cv2.INTER_NEAREST,
        }
        size = (self.width, self.height)
        planes = [cv2.resize(plane, size, interpolation=flags[self.method]) for plane in image]
        return np.asarray(np.stack(planes), dtype=np.float32)


@degradation("kernel-blur")
class KernelBlur(Parametrised):
    """Convolution with a kernel; nothing is rounded.

    Args:
        kernel: Sums to 1.
    """

    kernel: Kernel

    @property
    def params(self) -> Mapping[str, object]:
        """The kernel, as JSON has it."""
        return {"kernel": [list(row) for row in self.kernel]}

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Blurs (C, H, W); `generator` is not used."""
        import numpy as np

        from benchmarks.degradations.kernels import convolve

        return convolve(image, np.asarray(self.kernel, dtype=np.float64))


@degradation("mixed-noise")
class MixedNoise(Parametrised):
    """Gaussian noise or photon noise; clipped, not rounded.

    The planes of Gaussian noise are independent, equal (grey) or correlated.

    Args:
        kind: independent, grey, correlated, poisson or poisson-grey.
        strength: Standard deviation on the 0-255 scale; for photon noise the factor on its natural
            strength.
    """

    kind: str
    strength: float

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Adds the noise to (C, H, W)."""
        import numpy as np

        make = self._photons if self.kind.startswith("poisson") else self._gaussian
        return np.asarray(np.clip(image + make(image, generator), 0, 1), dtype=np.float32)

    def _gaussian(self, image: Image, generator: Generator) -> Array:
        import numpy as np

        shape = (1, *image.shape[1:]) if self.kind == "grey" else image.shape
        noise = generator.standard_normal(shape) * (self.strength / 255)
        if self.kind != "correlated":
            return noise
        mix = generator.standard_normal((len(image), len(image)))
        mix /= np.sqrt((mix**2).sum(axis=1, keepdims=True))  # each plane keeps its strength
        return np.tensordot(mix, noise, axes=1)

    def _photons(self, image: Image, generator: Generator) -> Array:
        import numpy as np

        from harness.images import quantise

        clean = quantise(image)
        if self.kind == "poisson-grey":
            clean = clean.mean(axis=0, keepdims=True)
        # as many photons as the image has levels
        levels = 2 ** np.ceil(np.log2(len(np.unique(clean))))
        noise: Array = generator.poisson(clean * levels) / levels - clean
        return noise * self.strength
