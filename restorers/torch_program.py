"""A network saved with its code.

TorchScript (`-r model.ts`), and programs of `torch.export` (`-r model.pt2`).
"""

import warnings
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Unpack

from harness.errors import InputError
from harness.protocols import Restorer, RestorerCard
from restorers._archives import (
    check_exported_program,
    check_torchscript,
    is_torchscript,
    weights_only,
)
from restorers._arrays import Image
from restorers._network_file import (
    MeasuredNetwork,
    look_at_file,
    one_line,
    require_file,
    utf8_path,
)
from restorers._specification import Said
from restorers._torch import Module, TakesBatches, count_parameters, run_network
from restorers.spandrel import SpandrelRestorer


class _TorchProgram(MeasuredNetwork, TakesBatches):
    """(N, C, H, W) to (N, C, scale * H, scale * W).

    Height and width may be any, unless `size` says otherwise.

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

    look = staticmethod(look_at_file)

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
        **said: Unpack[Said],
    ) -> None:
        """Checks what is in the file, and loads it.

        Raises:
            InputError: The file is missing or damaged, holds what is refused, or is no network from
                image to image.
        """
        name = require_file(path, "model file")
        self._device, self._program = device, self._load(path, device)
        card = RestorerCard(
            name,
            channels=(channels,),
            parameters=count_parameters(self._program),
            licence="unknown",
            source=self.source,
        )
        sides = (size, size) if size else None
        self.measure(path, card, said, tile_size, overlap, scale=scale, sides=sides)

    @abstractmethod
    def _load(self, path: str, device: str) -> Module:
        """Checks the file and returns the module in it."""

    def feed(self, image: Image) -> Image:
        """Runs the program on float32 (C, H, W)."""
        return run_network(self._program, image, self._device)


class TorchScriptRestorer(_TorchProgram):
    """An archive of `torch.jit.save`.

    Its code is TorchScript, which torch interprets; no pickle is executed.
    """

    source = "TorchScript"

    def _load(self, path: str, device: str) -> Module:
        import torch

        check_torchscript(path)
        load: Callable[..., Module] = torch.jit.load
        try:
            with warnings.catch_warnings():
                # torch would like torch.export better
                warnings.simplefilter("ignore", FutureWarning)
                return load(utf8_path(path, "torch.jit"), map_location=device).eval()
        except (RuntimeError, ValueError) as error:
            raise InputError(f"{path} cannot be read as TorchScript: {one_line(error)}") from error


class ExportedRestorer(_TorchProgram):
    """A program of `torch.export.save`: a graph of torch's own operators, and tensors."""

    source = "torch.export"

    def _load(self, path: str, device: str) -> Module:
        import torch

        check_exported_program(path)
        utf8_path(path, "torch.export")
        try:
            with weights_only():
                program = torch.export.load(path)
            return program.module().to(device)
        except Exception as error:  # a damaged archive raises many types
            raise InputError(
                f"{path} cannot be read as an exported program: {one_line(error)}"
            ) from error


class _SaidOfPt(Said, total=False):
    channels: Any
    scale: Any
    size: Any
    tile_size: Any
    overlap: Any


def load_pt(*, path: str, device: str = "cpu", **parameters: Unpack[_SaidOfPt]) -> Restorer:
    """Loads a .pt file, which may be TorchScript or weights: what is in it decides."""
    cls = TorchScriptRestorer if is_torchscript(path) else SpandrelRestorer
    said: dict[str, Any] = {**parameters}
    return cls(path=path, device=device, **said)


load_pt.look = look_at_file  # type: ignore[attr-defined]
