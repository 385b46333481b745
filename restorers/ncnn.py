"""An ncnn network by its `.param` file, with the `.bin` file of the same name beside it: `-r model.param`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restorers._ncnn import NcnnNetwork, run_padded
from restorers._network_file import NetworkFile
from restorers._packages import absent_package

if TYPE_CHECKING:
    from harness.images import Image


class NcnnRestorer(NetworkFile):
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
        **said: Any,
    ) -> None:
        """Loads the network.

        Raises:
            InputError: A file is missing or damaged, or the network has not one input and one
                output.
        """
        from harness.errors import InputError

        param, model = Path(path), Path(path).with_suffix(".bin")
        for file in (param, model):
            if not file.is_file():
                raise InputError(
                    f"ncnn file {file} does not exist; a network is NAME.param and NAME.bin in "
                    "one folder"
                )
        if channels not in (1, 3):
            raise InputError(f"channels is {channels!r}; expected 1 or 3")
        self._network = NcnnNetwork(param, model)
        self._border, self._scale = border, 0
        self.describe(
            path,
            channels=channels,
            scale=scale,
            said=said,
            tile_size=tile_size,
            overlap=overlap,
            source="ncnn",
            weights_sha256=(hashlib.sha256(model.read_bytes()).hexdigest(),),
        )
        self._scale = self.card.scales[0]

    @classmethod
    def missing(cls) -> str | None:
        """Says how to install ncnn."""
        return absent_package("ncnn", "pip install 'restobench[ncnn]'")

    def run(self, image: Image) -> Image:
        """Runs the network on float32 (C, H, W), with its border around it."""
        return run_padded(self._network, image, border=self._border, scale=self._scale)
