"""Any still-image architecture of basicsr, from its options file: `-r basicsr:options.yml`."""

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from harness import basicsr_shim
from harness.errors import InputError
from harness.formats import read_text
from harness.protocols import RestorerCard, Task
from restorers._arrays import Image
from restorers._checkpoint import fit, read_weights
from restorers._network_file import TiledNetwork, hash_file, one_line, require_file
from restorers._specification import Said
from restorers._torch import Module, TakesBatches, count_parameters, run_network

ARCHITECTURES = (
    "ECBSR", "EDSR", "MSRResNet", "RCAN", "RIDNet", "RRDBNet", "SRVGGNetCompact", "SwinIR",
)  # fmt: skip
"""basicsr's networks from one image to one.

The others take frames of a film or landmarks of a face, or make none.
"""

Options = dict[str, Any]
"""A part of an options file, as YAML has it."""


class BasicSRRestorer(TiledNetwork, TakesBatches):
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
        **said: Unpack[Said],
    ) -> None:
        """Builds the network and loads its weights, as weights only.

        Raises:
            InputError: The options file or the weights cannot be used, or its network does not go
                from image to image.
            UnavailableError: basicsr is not installed.
        """
        options = _read_options(Path(path))
        network = _build(options["network_g"], path)
        weights, note = _load_weights(network, options.get("path") or {}, Path(path))
        self._network, self._device = network.to(device).eval(), device
        card = _card(network, options, Path(path), weights)
        card = replace(card, source=", ".join(filter(None, (card.source, note))))
        self.describe(card, said, tile_size, overlap)
        multiple = self.card.size_multiple
        self._tile -= self._tile % multiple
        self._overlap += -self._overlap % multiple

    @classmethod
    def missing(cls) -> str | None:
        """Says how to install basicsr."""
        return basicsr_shim.missing()

    def run(self, image: Image) -> Image:
        """Runs the network on float32 (C, H, W)."""
        return run_network(self._network, image, self._device)


def _read_options(path: Path) -> Options:
    import yaml

    text = read_text(path, "options file")
    try:
        options = yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise InputError(f"options file {path} cannot be read: {one_line(error)}") from error
    network = options.get("network_g") if isinstance(options, dict) else None
    if not isinstance(network, dict) or "type" not in network:
        raise InputError(
            f"options file {path} has no `network_g` with a `type`: it is no basicsr options file"
        )
    return dict(options)


def _build(given: Options, path: str) -> Module:
    """Builds `network_g`, of an architecture that restores one image from one image."""
    kind = given["type"]
    if kind not in ARCHITECTURES:
        raise InputError(
            f"{path}: network_g is a {kind}; expected one of {', '.join(ARCHITECTURES)}"
        )
    try:
        network: Module = basicsr_shim.build_network(given)
    except TypeError as error:
        raise InputError(f"{path}: network_g does not fit {kind}: {error}") from error
    return network


def _card(network: Module, options: Options, path: Path, weights: Path) -> RestorerCard:
    """What the options file and the architecture say of the network."""
    given = options["network_g"]
    scale = int(options.get("scale") or _argument(network, given, ("upscale", "scale"), 1))
    planes = _argument(network, given, ("num_in_ch", "in_chans", "in_channels"), 3)
    # RIDNet's mean shift is on the scale of its img_range; EDSR and RCAN multiply by theirs
    # themselves
    white = _argument(network, given, ("img_range",), 255) if given["type"] == "RIDNet" else 1
    return RestorerCard(
        name=str(options.get("name") or path.stem),
        tasks=(Task.SUPER_RESOLVE,) if scale > 1 else (),
        scales=(scale,),
        channels=(int(planes),),
        size_multiple=_multiple(network, given, scale),
        value_range=(0, white),
        parameters=count_parameters(network),
        licence="unknown",
        source=f"{given['type']}, basicsr",
        weights_sha256=(hash_file(weights),),
    )


def _argument(network: Module, given: Options, names: tuple[str, ...], otherwise: float) -> float:
    """What the options say under one of several names, or the architecture's own default."""
    known = inspect.signature(type(network)).parameters.values()
    defaults = {item.name: item.default for item in known if item.default is not item.empty}
    values = [source[name] for source in (given, defaults) for name in names if name in source]
    return float(values[0] if values else otherwise)


def _multiple(network: Module, given: Options, scale: int) -> int:
    """What height and width have to be multiples of.

    basicsr's networks do not pad to what they need.
    """
    if given["type"] == "SwinIR":
        return int(_argument(network, given, ("window_size",), 7))
    return {1: 4, 2: 2}.get(scale, 1) if given["type"] == "RRDBNet" else 1


def _load_weights(network: Module, paths: Options, options: Path) -> tuple[Path, str]:
    """Loads `pretrain_network_g`; returns its path, and what had to be taken off.

    The state lies under `param_key_g`, or wherever weights are that fit.
    """
    given = paths.get("pretrain_network_g")
    if not given:
        raise InputError(f"{options} names no weights: set path.pretrain_network_g")
    weights = options.parent / str(given)
    file = f"weight file {weights}"
    if not weights.is_file():
        raise InputError(f"{file}, named in {options}, does not exist")
    require_file(str(weights), "weight file")
    state = read_weights(str(weights))
    chosen = paths.get("param_key_g")
    if isinstance(state, dict) and chosen in state:
        state = {chosen: state[chosen]}
    try:
        return weights, fit(state, file, network.load_state_dict)[1].note()
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"{file} does not fit the network of {options}: {one_line(error)}"
        ) from error
