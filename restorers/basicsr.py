"""Any still-image architecture of basicsr, from its options file: `-r basicsr:options.yml`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import basicsr_shim
from harness.protocols import Conditions, Restorer, RestorerCard, Task
from harness.tiling import tile

if TYPE_CHECKING:
    from harness.images import Image


class BasicSRRestorer(Restorer):
    """`network_g` of a training or test file, with the weights of `path.pretrain_network_g`.

    Args:
        device: `cpu` or `cuda:N`.
        path: The options file. A relative weight path in it is looked for beside it.
        tile_size: Height and width of a tile in degraded pixels; 0: whole images.
        overlap: Pixels that neighbouring tiles share.
    """

    def __init__(self, *, path: str, device: str = "cpu", tile_size: int = 256, overlap: int = 16) -> None:
        """Builds the network and loads its weights, as weights only.

        Raises:
            InputError: The options file or the weights cannot be used.
            UnavailableError: basicsr is not installed.
        """
        options = _read_options(Path(path))
        network = basicsr_shim.build_network(options["network_g"])
        _load_weights(network, options.get("path") or {}, Path(path))
        scale = int(options.get("scale") or options["network_g"].get("upscale") or 1)
        window = int(options["network_g"].get("window_size") or 1)
        self._network, self._device = network.to(device).eval(), device
        self._tile, self._overlap = tile_size or 2**31, overlap
        self.card = RestorerCard(
            name=str(options.get("name") or Path(path).stem),
            tasks=(Task.SUPER_RESOLVE,) if scale > 1 else (),
            scales=(scale,),
            channels=(int(options["network_g"].get("num_in_ch") or options["network_g"].get("in_chans") or 3),),
            size_multiple=window,  # basicsr's SwinIR does not pad to its own windows
            parameters=sum(parameter.numel() for parameter in network.parameters()),
            licence="unknown",
            source=f"{options['network_g']['type']}, basicsr",
        )

    @classmethod
    def missing(cls) -> str | None:
        """Says how to install basicsr."""
        return basicsr_shim.missing()

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores (C, H, W) to (C, scale * H, scale * W)."""
        multiple = self.card.size_multiple
        size = self._tile - self._tile % multiple
        overlap = self._overlap + -self._overlap % multiple
        return tile(self._restore, image, scale=self.card.scales[0], size=size, overlap=overlap)

    def _restore(self, image: Image) -> Image:
        import numpy as np
        import torch

        with torch.inference_mode():
            restored = self._network(torch.from_numpy(np.ascontiguousarray(image))[None].to(self._device))
        return np.ascontiguousarray(restored[0].float().cpu().numpy())


def _read_options(path: Path) -> dict[str, Any]:
    import yaml

    from harness.errors import InputError

    try:
        options = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"options file {path} cannot be read: {error}") from error
    network = options.get("network_g") if isinstance(options, dict) else None
    if not isinstance(network, dict) or "type" not in network:
        raise InputError(f"options file {path} has no `network_g` with a `type`: it is no basicsr options file")
    return dict(options)


def _load_weights(network: Any, paths: dict[str, Any], options: Path) -> None:
    """Loads `pretrain_network_g`; the state lies under `param_key_g`, or under one of basicsr's two names."""
    import pickle

    import torch

    from harness.errors import InputError

    given = paths.get("pretrain_network_g")
    if not given:
        raise InputError(f"{options} names no weights: set path.pretrain_network_g")
    weights = options.parent / str(given)
    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"weight file {weights}, named in {options}, does not exist") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise InputError(
            f"weight file {weights} is refused: it holds more than weights, or is damaged: {error}"
        ) from error
    keys = [paths.get("param_key_g"), "params_ema", "params"]
    state = next((state[key] for key in keys if key in state), state)
    try:
        network.load_state_dict({name.removeprefix("module."): value for name, value in state.items()})
    except RuntimeError as error:
        summary = " ".join(str(error).split())[:300]
        raise InputError(f"weight file {weights} does not fit the network of {options}: {summary}") from error
