"""Any network that spandrel knows, from its weight file: `-r weights.pth`."""

import importlib.util
from itertools import islice
from typing import Any, Unpack

from harness.errors import InputError
from harness.protocols import RestorerCard, Task
from restorers._arrays import Image
from restorers._checkpoint import State, Weights, fit, read_weights
from restorers._network_file import TiledNetwork, look_at_file, one_line, require_file, wrap_command
from restorers._specification import Said
from restorers._torch import TakesBatches, count_parameters, run_network

_TASKS = {
    "SR": (Task.SUPER_RESOLVE,),
    "FaceSR": (Task.SUPER_RESOLVE,),
    "Inpainting": (Task.INPAINT,),
    "Restoration": (),
}
"""By spandrel's purposes; what is for `Restoration` may be run on any task that keeps the size."""


class SpandrelRestorer(TiledNetwork, TakesBatches):
    """A network that spandrel recognises.

    The file is read as weights only: no code in it is executed. spandrel pads to what the network
    can take, and crops.

    Args:
        device: `cpu` or `cuda:N`.
        path: The weight file: .pth, .pt, .ckpt or .safetensors.
        tile_size: Height and width of a tile in degraded pixels; 0: whole images.
        overlap: Pixels that neighbouring tiles share.
        said: See `restorers._specification`. spandrel's networks are fed 0-1; with another range
            the network itself is called, without what spandrel puts around it.
    """

    look = staticmethod(look_at_file)

    def __init__(
        self,
        *,
        path: str,
        device: str = "cpu",
        tile_size: int = 512,
        overlap: int = 32,
        **said: Unpack[Said],
    ) -> None:
        """Loads the network.

        Raises:
            InputError: The file is missing, is no weight file, or is of no architecture that
                spandrel knows.
        """
        name = require_file(path, "weight file")
        (self._model, weights), self._device = _load(path, device), device
        model = self._model
        card = RestorerCard(
            name,
            tasks=_TASKS.get(model.purpose, ()),
            scales=(model.scale,),
            channels=(model.input_channels,),
            size_multiple=model.size_requirements.multiple_of,
            parameters=count_parameters(model.model),
            licence="unknown",
            source=", ".join(filter(None, (model.architecture.name, "spandrel", weights.note()))),
        )
        self.describe(card, said, tile_size, overlap)

    def run(self, image: Image) -> Image:
        """Runs the network on float32 (C, H, W)."""
        network = self._model if self.card.value_range == (0, 1) else self._model.model
        return run_network(network, image, self._device)


def _load(path: str, device: str) -> tuple[Any, Weights]:
    """Builds the network that a file's weights are of, a `spandrel.ImageModelDescriptor`."""
    import spandrel
    import torch

    _add_extra_architectures()
    # not load_from_file: for .pt it tries TorchScript first, whose code would be run
    found, loader = read_weights(path), spandrel.ModelLoader(torch.device(device))

    def load(state: State) -> Any:
        if all(key.startswith(("module.", "netG.")) for key in state):
            raise spandrel.UnsupportedModelError  # it would take these off and say nothing
        return loader.load_from_state_dict(state)

    try:
        model, weights = fit(found, path, load)
    except spandrel.UnsupportedModelError:
        raise InputError(
            f"{path} is of no architecture that spandrel {spandrel.__version__} knows"
            f"{_keys(found)}; with the source of its network: {wrap_command(path)}"
        ) from None
    except InputError:
        raise
    except Exception as error:  # every architecture has its own idea of weights that do not fit
        raise InputError(
            f"{path} does not fit the architecture that spandrel takes it for: {one_line(error)}; "
            f"where it is another, with the source of its network: {wrap_command(path)}"
        ) from error
    if not isinstance(model, spandrel.ImageModelDescriptor):
        raise InputError(
            f"{path} is a {model.architecture.name}, which needs a mask; it cannot be run on one "
            "image"
        )
    return model.eval(), weights


def _keys(found: object) -> str:
    """The first names in a file, which say whose it is."""
    names = [str(key) for key in islice(found, 3)] if isinstance(found, dict) else []
    return f"; it holds {', '.join(names)}, ..." if names else ""


def _add_extra_architectures() -> None:
    """Makes the architectures of `spandrel_extra_arches` known, where it is installed.

    Their licences restrict use.
    """
    if importlib.util.find_spec("spandrel_extra_arches"):
        import spandrel_extra_arches

        spandrel_extra_arches.install(ignore_duplicates=True)
