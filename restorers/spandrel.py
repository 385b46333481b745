"""Any network that spandrel knows, from its weight file: `-r weights.pth`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.protocols import Conditions, Restorer, RestorerCard, Task
from harness.tiling import tile
from restorers._specification import specified

if TYPE_CHECKING:
    from harness.images import Image

_TASKS = {
    "SR": (Task.SUPER_RESOLVE,),
    "FaceSR": (Task.SUPER_RESOLVE,),
    "Inpainting": (Task.INPAINT,),
    "Restoration": (),
}
"""spandrel's purposes; a network of purpose `Restoration` may be run on any task that keeps the size."""


class SpandrelRestorer(Restorer):
    """A network that spandrel recognises. The file is read as weights only: no code in it is executed.

    Args:
        device: `cpu` or `cuda:N`.
        path: The weight file: .pth, .pt, .ckpt or .safetensors.
        tile_size: Height and width of a tile in degraded pixels; 0: whole images.
        overlap: Pixels that neighbouring tiles share.
        said: See `restorers._specification`. spandrel's networks are fed 0-1; with another range
            the network itself is called, without what spandrel puts around it.
    """

    def __init__(
        self,
        *,
        path: str,
        device: str = "cpu",
        tile_size: int = 512,
        overlap: int = 32,
        **said: Any,
    ) -> None:
        """Loads the network.

        Raises:
            InputError: The file is missing, is no weight file, or is of no architecture that
                spandrel knows.
        """
        import pickle

        import spandrel
        import torch

        from harness.errors import InputError

        if not Path(path).is_file():
            raise InputError(f"weight file {path} does not exist")
        _add_extra_architectures()
        try:
            # not load_from_file: for .pt it tries TorchScript first, whose code would be run
            state = spandrel.canonicalize_state_dict(_read_weights(path))
            model = spandrel.ModelLoader(torch.device(device)).load_from_state_dict(state)
        except pickle.UnpicklingError as error:
            # torch's own message says how to load it all the same
            raise InputError(
                f"{path} is refused: it holds more than weights, and would run code; save its "
                "tensors as .safetensors"
            ) from error
        except spandrel.UnsupportedModelError:
            raise InputError(
                f"{path} is of no architecture that spandrel {spandrel.__version__} knows"
            ) from None
        except Exception as error:  # damaged archives raise many types
            raise InputError(
                f"{path} cannot be read as weights: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(model, spandrel.ImageModelDescriptor):
            raise InputError(
                f"{path} is a {model.architecture.name}, which needs a mask; it cannot be run on "
                "one image"
            )
        self._model, self._device = model.eval(), device
        self._tile, self._overlap = tile_size or 2**31, overlap
        card = RestorerCard(
            name=Path(path).stem,
            tasks=_TASKS.get(model.purpose, ()),
            scales=(model.scale,),
            channels=(model.input_channels,),
            size_multiple=model.size_requirements.multiple_of,
            parameters=sum(parameter.numel() for parameter in model.model.parameters()),
            licence="unknown",
            source=f"{model.architecture.name}, spandrel",
        )
        self.card = specified(card, **said)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores (C, H, W); spandrel pads to what the network can take, and crops."""
        return tile(
            self._restore, image, scale=self.card.scales[0], size=self._tile, overlap=self._overlap
        )

    def _restore(self, image: Image) -> Image:
        import numpy as np
        import torch

        with torch.inference_mode():
            network = self._model if self.card.value_range == (0, 1) else self._model.model
            restored = network(torch.from_numpy(np.ascontiguousarray(image))[None].to(self._device))
        return np.ascontiguousarray(restored[0].float().cpu().numpy())


def _read_weights(path: str) -> Any:
    if path.endswith(".safetensors"):
        from safetensors.torch import load_file

        return load_file(path)
    import torch

    return torch.load(path, map_location="cpu", weights_only=True)


def _add_extra_architectures() -> None:
    """Makes the architectures of `spandrel_extra_arches` known, whose licences restrict use, where it is installed."""
    import importlib.util

    if importlib.util.find_spec("spandrel_extra_arches"):
        import spandrel_extra_arches

        spandrel_extra_arches.install(ignore_duplicates=True)
