"""Steps of the practical pipelines that are no degradations by themselves: resampling to any size, a given kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np

    from harness.conditions import Kernel
    from harness.images import Image


@dataclass(frozen=True, slots=True)
class Resample:
    """OpenCV's resize of float values to a given size; nothing is rounded.

    Args:
        height: Of the result.
        width: Of the result.
        method: cubic, linear, area or nearest.
    """

    height: int
    width: int
    method: str
    name: ClassVar[str] = "resample"

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters."""
        return {"height": self.height, "width": self.width, "method": self.method}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
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


@dataclass(frozen=True, slots=True)
class KernelBlur:
    """Convolution with a kernel; nothing is rounded.

    Args:
        kernel: Sums to 1.
    """

    kernel: Kernel
    name: ClassVar[str] = "kernel-blur"

    @property
    def params(self) -> Mapping[str, Any]:
        """The kernel."""
        return {"kernel": [list(row) for row in self.kernel]}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Blurs (C, H, W); `generator` is not used."""
        import numpy as np

        from benchmarks.degradations.kernels import convolve

        return convolve(image, np.asarray(self.kernel, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class MixedNoise:
    """Gaussian noise whose planes are independent, equal (grey) or correlated, or photon noise; clipped, not rounded.

    Args:
        kind: independent, grey, correlated, poisson or poisson-grey.
        strength: Standard deviation on the 0-255 scale; for photon noise the factor on its natural
            strength.
    """

    kind: str
    strength: float
    name: ClassVar[str] = "mixed-noise"

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters."""
        return {"kind": self.kind, "strength": self.strength}

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Adds the noise to (C, H, W)."""
        import numpy as np

        if self.kind.startswith("poisson"):
            noise = self._photon_noise(image, generator)
        else:
            shape = (1, *image.shape[1:]) if self.kind == "grey" else image.shape
            noise = generator.standard_normal(shape) * (self.strength / 255)
            if self.kind == "correlated":
                mix = generator.standard_normal((len(image), len(image)))
                mix /= np.sqrt((mix**2).sum(axis=1, keepdims=True))  # each plane keeps its strength
                noise = np.tensordot(mix, noise, axes=1)
        return np.asarray(np.clip(image + noise, 0, 1), dtype=np.float32)

    def _photon_noise(self, image: Image, generator: np.random.Generator) -> Any:
        import numpy as np

        from harness.images import quantise

        clean = quantise(image)
        if self.kind == "poisson-grey":
            clean = clean.mean(axis=0, keepdims=True)
        # as many photons as the image has levels
        levels = 2 ** np.ceil(np.log2(len(np.unique(clean))))
        return (generator.poisson(clean * levels) / levels - clean) * self.strength
