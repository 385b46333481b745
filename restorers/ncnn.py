"""An ncnn network by its `.param` file, with the `.bin` file of the same name beside it: `-r model.param`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.protocols import Conditions, Restorer, RestorerCard, Task
from harness.tiling import tile
from restorers._ncnn import NcnnNetwork
from restorers._packages import absent_package
from restorers._specification import measured_scale, specified

if TYPE_CHECKING:
    from harness.images import Image


class NcnnRestorer(Restorer):
    """One input blob and one output blob, run on one CPU thread.

    Args:
        device: Only the CPU.
        path: The .param file.
        channels: Planes the network takes, 3 or 1: an ncnn file does not say.
        scale: Factor by which the network enlarges; measured where it is not given.
        border: Pixels of padding by edge pixels on each side, for networks that eat up their border; cropped again.
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
            InputError: A file is missing or damaged, or the network has not one input and one output.
        """
        from harness.errors import InputError

        param, model = Path(path), Path(path).with_suffix(".bin")
        for file in (param, model):
            if not file.is_file():
                raise InputError(f"ncnn file {file} does not exist; a network is NAME.param and NAME.bin in one folder")
        if channels not in (1, 3):
            raise InputError(f"channels is {channels!r}; expected 1 or 3")
        self._network = NcnnNetwork(param, model)
        self._border, self._tile, self._overlap = border, tile_size or 2**31, overlap
        if scale is None:
            scale = measured_scale(path, self._network, channels)
        card = RestorerCard(
            name=param.stem,
            tasks=(Task.SUPER_RESOLVE,) if scale > 1 else (),
            scales=(scale,),
            channels=(channels,),
            licence="unknown",
            source="ncnn",
            weights_sha256=(hashlib.sha256(model.read_bytes()).hexdigest(),),
        )
        self.card = specified(card, **said)

    @classmethod
    def missing(cls) -> str | None:
        """Says how to install ncnn."""
        return absent_package("ncnn", "pip install 'restobench[ncnn]'")

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores (C, H, W) to (C, scale * H, scale * W)."""
        return tile(self._restore, image, scale=self.card.scales[0], size=self._tile, overlap=self._overlap)

    def _restore(self, image: Image) -> Image:
        import numpy as np

        scale, border = self.card.scales[0], self._border
        height, width = image.shape[1] * scale, image.shape[2] * scale
        padded = np.pad(image, ((0, 0), (border, border), (border, border)), mode="edge")
        restored = self._network(padded)
        # a network that eats up its border has cropped the padding itself
        top, left = (restored.shape[1] - height) // 2, (restored.shape[2] - width) // 2
        return np.ascontiguousarray(restored[:, top : top + height, left : left + width])
