"""An ncnn network by its `.param` file: `-r model.param`.

The `.bin` file of the same name lies beside it.
"""

from pathlib import Path
from typing import Unpack

from harness.errors import InputError
from harness.formats import lies_in_place
from harness.protocols import RestorerCard
from restorers._arrays import Image
from restorers._missing import absent_package
from restorers._ncnn import NcnnNetwork, run_padded
from restorers._network_file import MeasuredNetwork, hash_file, utf8_path
from restorers._specification import Said


class NcnnRestorer(MeasuredNetwork):
    """One input blob and one output blob, run on one CPU thread.

    Args:
        device: Only the CPU.
        path: The .param file.
        channels: Planes the network takes, 3 or 1: an ncnn file does not say.
        scale: Factor by which the network enlarges; measured where it is not given.
        border: Pixels of padding by edge pixels on each side, for networks that eat up their
            border; cropped again.
        tile_size: Height and width of a tile in degraded pixels; 0: whole images.
        overlap: Pixels that neighbouring tiles share.
        said: See `restorers._specification`.
    """

    def __init__(
        self,
        *,
        path: str,
        device: str = "cpu",
        channels: int = 3,
        scale: int | None = None,
        border: int = 0,
        tile_size: int = 256,
        overlap: int = 16,
        **said: Unpack[Said],
    ) -> None:
        """Loads the network.

        Raises:
            InputError: A file is missing or damaged, or the network has not one input and one
                output.
        """
        param, model = Path(path), Path(path).with_suffix(".bin")
        for file in (param, model):
            _require_file(file)
        utf8_path(param, "ncnn")
        if channels not in (1, 3):
            raise InputError(f"channels is {channels!r}; expected 1 or 3")
        self._network = NcnnNetwork(param, model)
        self._border, self._scale = border, 0
        card = RestorerCard(
            param.stem,
            channels=(channels,),
            licence="unknown",
            source="ncnn",
            weights_sha256=(hash_file(model),),
        )
        self.measure(path, card, said, tile_size, overlap, scale=scale)
        self._scale = self.card.scales[0]

    @classmethod
    def missing(cls) -> str | None:
        """Says how to install ncnn."""
        return absent_package("ncnn", "pip install 'restobench[ncnn]'")

    def feed(self, image: Image) -> Image:
        """Runs the network on float32 (C, H, W), with its border around it."""
        return run_padded(self._network, image, border=self._border, scale=self._scale)


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise InputError(
            f"ncnn file {path} does not exist; a network is NAME.param and NAME.bin in one folder"
        )
    if (why := lies_in_place(path)) is not None:
        raise InputError(f"ncnn file {path} {why}")
