"""A network saved with its code: TorchScript (`-r model.ts`) and `torch.export` programs (`-r model.pt2`)."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.protocols import Restorer
from restorers._archives import (
    check_exported_program,
    check_torchscript,
    is_torchscript,
    weights_only,
)
from restorers._network_file import NetworkFile

if TYPE_CHECKING:
    from harness.images import Image


class _TorchProgram(NetworkFile):
    """(N, C, H, W) to (N, C, scale * H, scale * W), any height and width unless `size` says otherwise.

    Args:
        device: `cpu` or `cuda:N`.
        path: The file.
        channels: Planes the network takes, 3 or 1.
        scale: Factor by which the network enlarges; measured where it is not given.
        size: Height and width that the network was traced or exported for, if it takes no other; it
            is then run tile by tile.
        tile_size: Height and width of a tile in degraded pixels; 0: whole images.
        overlap: Pixels that neighbouring tiles share.
        said: See `restorers._specification`.
    """

    source = ""

    def __init__(
        self,
        *,
        path: str,
        device: str = "cpu",
        channels: int = 3,
        scale: int | None = None,
        size: int = 0,
        tile_size: int = 512,
        overlap: int = 32,
        **said: Any,
    ) -> None:
        """Checks what is in the file, and loads it.

        Raises:
            InputError: The file is missing or damaged, holds what is refused, or is no network from
                image to image.
        """
        from harness.errors import InputError

        if not Path(path).is_file():
            raise InputError(f"model file {path} does not exist")
        self._device = device
        self._program = self._load(path)
        self.describe(
            path,
            channels=channels,
            scale=scale,
            said=said,
            tile_size=tile_size,
            overlap=overlap,
            sides=(size, size) if size else None,
            parameters=sum(parameter.numel() for parameter in self._program.parameters()),
            source=self.source,
        )

    @abstractmethod
    def _load(self, path: str) -> Any:
        """Checks the file and returns the module in it."""

    def run(self, image: Image) -> Image:
        """Runs the program on float32 (C, H, W)."""
        import numpy as np
        import torch

        with torch.inference_mode():
            restored = self._program(
                torch.from_numpy(np.ascontiguousarray(image))[None].to(self._device)
            )
        restored = restored[0] if isinstance(restored, list | tuple) else restored
        return np.ascontiguousarray(restored[0].float().cpu().numpy())


class TorchScriptRestorer(_TorchProgram):
    """An archive of `torch.jit.save`. Its code is TorchScript, which torch interprets; no pickle is executed."""

    source = "TorchScript"

    def _load(self, path: str) -> Any:
        import warnings

        import torch

        from harness.errors import InputError

        check_torchscript(path)
        try:
            with warnings.catch_warnings():
                # torch would like torch.export better
                warnings.simplefilter("ignore", FutureWarning)
                return torch.jit.load(path, map_location=self._device).eval()  # type: ignore[no-untyped-call]
        except (RuntimeError, ValueError) as error:
            seen = " ".join(str(error).split())[:300]
            raise InputError(f"{path} cannot be read as TorchScript: {seen}") from error


class ExportedRestorer(_TorchProgram):
    """A program of `torch.export.save`: a graph of torch's own operators, and tensors."""

    source = "torch.export"

    def _load(self, path: str) -> Any:
        import torch

        from harness.errors import InputError

        check_exported_program(path)
        try:
            with weights_only():
                program = torch.export.load(path)
            return program.module().to(self._device)
        except Exception as error:  # a damaged archive raises many types
            seen = " ".join(str(error).split())[:300]
            raise InputError(f"{path} cannot be read as an exported program: {seen}") from error


def load_pt(*, path: str, device: str = "cpu", **parameters: Any) -> Restorer:
    """Loads a .pt file, which may be TorchScript or weights: what is in it decides."""
    from restorers.spandrel import SpandrelRestorer

    cls: Any = TorchScriptRestorer if is_torchscript(path) else SpandrelRestorer
    restorer: Restorer = cls(path=path, device=device, **parameters)
    return restorer
