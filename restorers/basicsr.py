"""Any still-image architecture of basicsr, from its options file: `-r basicsr:options.yml`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import basicsr_shim
from harness.protocols import Conditions, Restorer, RestorerCard, Task
from harness.tiling import tile
from restorers._specification import specified

if TYPE_CHECKING:
    from harness.images import Image

ARCHITECTURES = (
    "ECBSR",
    "EDSR",
    "MSRResNet",
    "RCAN",
    "RIDNet",
    "RRDBNet",
    "SRVGGNetCompact",
    "SwinIR",
)
"""basicsr's networks from one image to one. The others take frames of a film or landmarks of a face, or make none."""


class BasicSRRestorer(Restorer):
    """`network_g` of a training or test file, with the weights of `path.pretrain_network_g`.

    Args:
        device: `cpu` or `cuda:N`.
        path: The options file. A relative weight path in it is looked for beside it.
        tile_size: Height and width of a tile in degraded pixels; 0: whole images.
        overlap: Pixels that neighbouring tiles share.
        said: See `restorers._specification`.
    """

    def __init__(
        self,
        *,
        path: str,
        device: str = "cpu",
        tile_size: int = 256,
        overlap: int = 16,
        **said: Any,
    ) -> None:
        """Builds the network and loads its weights, as weights only.

        Raises:
            InputError: The options file or the weights cannot be used, or its network does not go
                from image to image.
            UnavailableError: basicsr is not installed.
        """
        options = _read_options(Path(path))
        given = options["network_g"]
        network = _build(given, path)
        weights = _load_weights(network, options.get("path") or {}, Path(path))
        scale = int(options.get("scale") or _argument(network, given, ("upscale", "scale"), 1))
        self._network, self._device = network.to(device).eval(), device
        self._tile, self._overlap = tile_size or 2**31, overlap
        card = RestorerCard(
            name=str(options.get("name") or Path(path).stem),
            tasks=(Task.SUPER_RESOLVE,) if scale > 1 else (),
            scales=(scale,),
            channels=(int(_argument(network, given, ("num_in_ch", "in_chans", "in_channels"), 3)),),
            size_multiple=_multiple(network, given, scale),
            # RIDNet's mean shift is on the scale of its img_range; EDSR and RCAN multiply by theirs
            # themselves
            value_range=(0, float(_argument(network, given, ("img_range",), 255)))
            if given["type"] == "RIDNet"
            else (0, 1),
            parameters=sum(parameter.numel() for parameter in network.parameters()),
            licence="unknown",
            source=f"{given['type']}, basicsr",
            weights_sha256=(hashlib.sha256(weights.read_bytes()).hexdigest(),),
        )
        self.card = specified(card, **said)

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
            restored = self._network(
                torch.from_numpy(np.ascontiguousarray(image))[None].to(self._device)
            )
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
        raise InputError(
            f"options file {path} has no `network_g` with a `type`: it is no basicsr options file"
        )
    return dict(options)


def _build(given: dict[str, Any], path: str) -> Any:
    """Builds `network_g`, of an architecture that restores one image from one image."""
    from harness.errors import InputError

    if given["type"] not in ARCHITECTURES:
        raise InputError(
            f"{path}: network_g is a {given['type']}; expected one of {', '.join(ARCHITECTURES)}"
        )
    try:
        return basicsr_shim.build_network(given)
    except TypeError as error:
        raise InputError(f"{path}: network_g does not fit {given['type']}: {error}") from error


def _argument(network: Any, given: dict[str, Any], names: tuple[str, ...], otherwise: Any) -> Any:
    """What the options say under one of several names, or the architecture's own default."""
    import inspect

    known = inspect.signature(type(network).__init__).parameters
    defaults = {name: known[name].default for name in names if name in known}
    said = [given[name] for name in names if name in given]
    return [
        *said,
        *(value for value in defaults.values() if value is not inspect.Parameter.empty),
        otherwise,
    ][0]


def _multiple(network: Any, given: dict[str, Any], scale: int) -> int:
    """What height and width have to be multiples of: basicsr's networks do not pad to what they need."""
    if given["type"] == "SwinIR":
        return int(_argument(network, given, ("window_size",), 7))
    return {1: 4, 2: 2}.get(scale, 1) if given["type"] == "RRDBNet" else 1


def _load_weights(network: Any, paths: dict[str, Any], options: Path) -> Path:
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
            f"weight file {weights} is refused: it holds more than weights, or is damaged "
            f"({type(error).__name__})"
        ) from error
    keys = [paths.get("param_key_g"), "params_ema", "params"]
    state = next((state[key] for key in keys if key in state), state)
    try:
        network.load_state_dict(
            {name.removeprefix("module."): value for name, value in state.items()}
        )
    except RuntimeError as error:
        summary = " ".join(str(error).split())[:300]
        raise InputError(
            f"weight file {weights} does not fit the network of {options}: {summary}"
        ) from error
    return weights
