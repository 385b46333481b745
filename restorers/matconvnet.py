"""Networks of MatConvNet: `-r net.mat`, as DnCNN and IRCNN were published."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Unpack

from harness.errors import InputError
from harness.protocols import RestorerCard
from restorers._arrays import Image
from restorers._matlab73 import read_matlab73
from restorers._network_file import MeasuredNetwork, look_at_file, one_line, require_file
from restorers._specification import Said
from restorers._torch import Module, TakesBatches, count_parameters, run_network

NOISE = 0.1
"""A network that turns grey (0.5) into less returns the noise, and not the image."""


class MatConvNetRestorer(MeasuredNetwork, TakesBatches):
    """A chain of layers (`simplenn`): convolutions, batch normalisation, ReLU.

    Args:
        device: `cpu` or `cuda:N`.
        path: The file; of MATLAB 7.3 with h5py.
        residual: Whether the network returns what has to be taken off its input, as DnCNN does;
            measured on a grey image where it is not given.
        scale: Factor by which the network enlarges.
        tile_size: Height and width of a tile in degraded pixels; 0: whole images.
        overlap: Pixels that neighbouring tiles share.
        said: See `restorers._specification`.
    """

    @staticmethod
    def look(path: str, **parameters: object) -> None:
        """As `look_at_file`; and a file that is cut short, before scipy and torch are imported."""
        look_at_file(path, **parameters)
        if _is_cut_short(path):
            raise InputError(f"{path} cannot be read: it lacks its end: download it again")

    def __init__(
        self,
        *,
        path: str,
        device: str = "cpu",
        residual: bool | None = None,
        scale: int | None = None,
        tile_size: int = 512,
        overlap: int = 32,
        **said: Unpack[Said],
    ) -> None:
        """Loads the network.

        Raises:
            InputError: The file is missing or damaged, or has layers of other kinds.
        """
        from torch import nn

        name = require_file(path, "MatConvNet file")
        self._network: Module = nn.Sequential(*_layers(path)).to(device).eval()
        found = (layer for layer in self._network.modules() if isinstance(layer, nn.Conv2d))
        if (first := next(found, None)) is None:
            raise InputError(f"{path} has no convolution: it is no network of MatConvNet")
        self._device, self._residual = device, False
        card = RestorerCard(
            name,
            channels=(first.in_channels,),
            parameters=count_parameters(self._network),
            licence="unknown",
            source="MatConvNet",
        )
        self.measure(path, card, said, tile_size, overlap, scale=scale)
        self._residual = self._returns_noise() if residual is None else residual

    def feed(self, image: Image) -> Image:
        """Runs the network on float32 (C, H, W)."""
        found = run_network(self._network, image, self._device)
        return image - found if self._residual else found

    def _returns_noise(self) -> bool:
        import numpy as np

        grey = np.full((self.card.channels[0], 64, 64), 0.5, dtype=np.float32)
        found = self.feed(grey)[:, 16:-16, 16:-16]
        return self.card.scales == (1,) and abs(float(found.mean())) < NOISE


def _layers(path: str) -> Iterator[Module]:
    net = _one(_read(path).get("net"))
    if not hasattr(net, "layers"):
        raise InputError(f"{path} has no `net` with layers: it is no network of MatConvNet")
    for cell in net.layers.flat:
        layer = _one(cell)
        kind = str(_one(getattr(layer, "type", "?")))
        if kind in _LOSSES:
            continue
        if kind not in _KINDS:
            raise InputError(
                f"{path} has a layer of kind {kind!r}; those that are read: {', '.join(_KINDS)}"
            )
        try:
            yield _KINDS[kind](layer)
        except (AttributeError, IndexError, TypeError, ValueError, RuntimeError) as error:
            raise InputError(f"{path} has a damaged {kind} layer: {one_line(error)}") from error


def _is_cut_short(path: str) -> bool:
    """Whether a variable of a file of MATLAB 5 to 7.2 goes on beyond the end of the file."""
    with Path(path).open("rb") as file:
        header, size = file.read(128), Path(path).stat().st_size
        if header[126:] not in (b"IM", b"MI") or not header.startswith(b"MATLAB 5.0"):
            return False
        order: Literal["little", "big"] = "little" if header[126:] == b"IM" else "big"
        while len(tag := file.read(8)) == 8:
            if file.seek(int.from_bytes(tag[4:], order), 1) > size:
                return True
    return bool(tag)


def _read(path: str) -> Mapping[str, Any]:
    from scipy.io import loadmat

    try:
        content: Mapping[str, Any] = loadmat(path, struct_as_record=False)
    except NotImplementedError:  # what scipy says of MATLAB 7.3
        return _read_new(path)
    except Exception as error:  # damaged files raise many types
        raise InputError(f"{path} cannot be read: {one_line(error)}") from error
    return content


def _read_new(path: str) -> Mapping[str, Any]:
    try:
        return read_matlab73(path)
    except ImportError as error:
        raise InputError(
            f"{path} is of MATLAB 7.3: pip install 'restobench[matlab73]', or save it as an older "
            "one: save('net.mat', 'net', '-v7')"
        ) from error
    except Exception as error:  # damaged files raise many types
        raise InputError(f"{path} cannot be read: {one_line(error)}") from error


def _one(value: Any) -> Any:
    """What MATLAB has in an array of one cell or struct."""
    import numpy as np

    while isinstance(value, np.ndarray) and value.size == 1:
        value = value.flat[0]
    return value


def _weights(layer: Any, *names: str) -> list[Any]:
    """Arrays of a layer: `weights`, or as older versions have them, each under its name."""
    import numpy as np

    found = layer.weights.flat if hasattr(layer, "weights") else (getattr(layer, n) for n in names)
    return [np.asarray(array, dtype=np.float32) for array in found]


def _numbers(layer: Any, name: str, default: int, count: int) -> list[int]:
    """A whole number for each side; MATLAB writes one where all are the same."""
    import numpy as np

    said = np.ravel(getattr(layer, name, default))
    return [int(number) for number in np.broadcast_to(said, count)]


def _convolution(layer: Any) -> Module:
    """Filters are (height, width, in, out); MatConvNet correlates, as torch does."""
    import torch
    from torch import nn

    filters, *rest = _weights(layer, "filters", "biases")
    filters = filters.reshape(*filters.shape, *[1] * (4 - filters.ndim))  # MATLAB drops last ones
    height, width, inside, outside = filters.shape
    (down, along), (high, wide) = (_numbers(layer, name, 1, 2) for name in ("stride", "dilate"))
    with_bias = bool(rest) and rest[0].size > 0
    convolution = nn.Conv2d(
        inside, outside, (height, width), (down, along), dilation=(high, wide), bias=with_bias
    )
    with torch.no_grad():
        convolution.weight.copy_(torch.from_numpy(filters.transpose(3, 2, 0, 1).copy()))
        if convolution.bias is not None:
            convolution.bias.copy_(torch.from_numpy(rest[0].reshape(-1)))
    top, bottom, left, right = _numbers(layer, "pad", 0, 4)
    if (top, left) == (bottom, right):
        convolution.padding = (top, left)
        return convolution
    return nn.Sequential(nn.ZeroPad2d((left, right, top, bottom)), convolution)


def _normalisation(layer: Any) -> Module:
    """Moments are the mean and the deviation, which has its epsilon already."""
    import torch
    from torch import nn

    scale, shift, moments = _weights(layer, "filters", "biases", "moments")
    scale, shift = scale.reshape(-1), shift.reshape(-1)
    mean, deviation = moments.reshape(len(scale), 2).T
    normalisation = nn.BatchNorm2d(len(scale), eps=0.0)
    state = {"weight": scale, "bias": shift, "running_mean": mean, "running_var": deviation**2}
    tensors = {name: torch.from_numpy(array.copy()) for name, array in state.items()}
    normalisation.load_state_dict(tensors, strict=False)
    return normalisation


def _rectifier(layer: Any) -> Module:
    from torch import nn

    return nn.LeakyReLU(float(_one(getattr(layer, "leak", 0.0))))


_KINDS = {"conv": _convolution, "bnorm": _normalisation, "relu": _rectifier}
_LOSSES = ("loss", "softmaxloss", "pdist")
