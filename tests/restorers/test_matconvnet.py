"""Networks of MatConvNet, written by scipy as MATLAB writes them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import loadmat, savemat
from torch import nn

from harness.errors import InputError
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer
from restorers.matconvnet import MatConvNetRestorer


def cells(items: list[Any]) -> Any:
    found = np.empty((1, len(items)), dtype=object)
    found[0] = items
    return found


def convolution(layer: nn.Conv2d, pad: Any) -> dict[str, Any]:
    filters = layer.weight.detach().numpy().transpose(2, 3, 1, 0)
    if filters.shape[3] == 1:
        filters = filters[..., 0]  # as MATLAB does
    return {"type": "conv", "weights": cells([filters, layer.bias.detach().numpy()]), "pad": pad}


def normalisation(layer: nn.BatchNorm2d) -> dict[str, Any]:
    mean, variance = layer.running_mean.numpy(), layer.running_var.numpy()
    moments = np.stack([mean, np.sqrt(variance + layer.eps)], axis=1)
    weights = [layer.weight.detach().numpy(), layer.bias.detach().numpy(), moments]
    return {"type": "bnorm", "weights": cells(weights)}


@pytest.fixture
def dncnn() -> nn.Sequential:
    torch.manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1),
    )  # fmt: skip
    with torch.no_grad():
        network[3].running_mean.normal_(0, 0.1)
        network[3].running_var.uniform_(0.5, 2)
        for parameter in network.parameters():
            parameter *= 0.5
    return network.eval()


def save(path: Path, network: nn.Sequential, pad: Any = 1.0) -> Path:
    savemat(path, {"net": network_of(network, pad)})
    return path


def network_of(network: nn.Sequential, pad: Any) -> dict[str, Any]:
    layers: list[Any] = [
        convolution(network[0], pad),
        {"type": "relu"},
        convolution(network[2], pad),
        normalisation(network[3]),
        {"type": "relu"},
        convolution(network[5], pad),
        {"type": "loss"},
    ]
    return {"layers": cells(layers)}


@pytest.mark.parametrize("pad", [1.0, [1.0, 1.0, 1.0, 1.0]])
def test_it_runs_as_the_network_does(
    tmp_path: Path, dncnn: nn.Sequential, generator: np.random.Generator, pad: Any
) -> None:
    path = save(tmp_path / "dncnn.mat", dncnn, pad)
    restorer = build_restorer(parse_restorer(f"{path}:residual=true"))
    image = generator.random((1, 30, 40), dtype=np.float32)
    with torch.inference_mode():
        noise = dncnn(torch.from_numpy(image[None]))[0].numpy()
    assert restorer.card.channels == (1,)
    assert restorer.card.parameters == sum(item.numel() for item in dncnn.parameters())
    found = restore_image(restorer, image, Conditions())
    assert found == pytest.approx((image - noise).clip(0, 1), abs=2e-6)
    plain = MatConvNetRestorer(path=str(path), residual=False).restore(image, Conditions())
    assert plain == pytest.approx(noise, abs=2e-6)


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_whether_it_returns_noise_is_measured(
    tmp_path: Path, dncnn: nn.Sequential, level: float
) -> None:
    with torch.no_grad():
        dncnn[5].weight.zero_()
        dncnn[5].bias.fill_(level)
    restorer = MatConvNetRestorer(path=str(save(tmp_path / "net.mat", dncnn)))
    image = np.full((1, 20, 20), 0.25, dtype=np.float32)
    expected = 0.25 if level == 0 else level  # no noise, or the image itself
    assert restore_image(restorer, image, Conditions()) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"x": 1}, "has no `net` with layers"),
        ({"net": {"layers": cells([{"type": "pool"}])}}, "layer of kind 'pool'; those that are re"),
        ({"net": {"layers": cells([{"type": "conv"}])}}, "has a damaged conv layer"),
        ({"net": {"layers": cells([{"type": "relu"}])}}, "has no convolution"),
    ],
)
def test_what_is_no_such_network_is_refused(
    tmp_path: Path, content: dict[str, Any], message: str
) -> None:
    savemat(tmp_path / "net.mat", content)
    with pytest.raises(InputError, match=message):
        MatConvNetRestorer(path=str(tmp_path / "net.mat"))


@pytest.mark.parametrize("compressed", [True, False])
def test_a_file_that_is_cut_short_is_refused_before_anything_is_imported(
    tmp_path: Path, dncnn: nn.Sequential, compressed: bool
) -> None:
    path = save(tmp_path / "net.mat", dncnn)
    savemat(path, loadmat(path, struct_as_record=False), do_compression=compressed)
    MatConvNetRestorer.look(path=str(path))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="it lacks its end: download it again"):
        MatConvNetRestorer.look(path=str(path))


def test_a_damaged_file_and_one_of_matlab_7_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.mat"
    path.write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    with pytest.raises(InputError, match="cannot be read"):
        MatConvNetRestorer(path=str(path))
    path.write_bytes(HEADER_73 + bytes(512))
    with pytest.raises(InputError, match="cannot be read"):
        MatConvNetRestorer(path=str(path))
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match=r"restobench\[matlab73\].*save it as an older one"):
        MatConvNetRestorer(path=str(path))


HEADER_73 = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"


def as_matlab73(path: Path, content: dict[str, Any]) -> Path:
    """Writes what `savemat` is given as MATLAB 7.3 does: cells are references into `#refs#`."""
    h5py = pytest.importorskip("h5py")

    def write(group: Any, name: str, value: Any) -> None:
        if isinstance(value, dict):
            inner = group.create_group(name)
            inner.attrs["MATLAB_class"] = np.bytes_("struct")
            for key, item in value.items():
                write(inner, key, item)
            return
        if isinstance(value, np.ndarray) and value.dtype == object:
            found = []
            for item in value.flat:
                place = str(len(refs))
                write(refs, place, item)
                found.append(refs[place].ref)
            data = np.array(found, dtype=h5py.ref_dtype).reshape(value.T.shape)
            made, kind = group.create_dataset(name, data=data, dtype=h5py.ref_dtype), "cell"
        elif isinstance(value, str):
            data = np.array([[ord(letter)] for letter in value], dtype=np.uint16)
            made, kind = group.create_dataset(name, data=data), "char"
        else:
            made, kind = group.create_dataset(name, data=np.atleast_2d(value).T), "single"
        made.attrs["MATLAB_class"] = np.bytes_(kind)

    with h5py.File(path, "w", userblock_size=512) as file:
        refs = file.create_group("#refs#")
        for name, value in content.items():
            write(file, name, value)
    with path.open("r+b") as file:
        file.write(HEADER_73)
    return path


def test_matlab_7_3_is_the_same_network(
    tmp_path: Path, dncnn: nn.Sequential, generator: np.random.Generator
) -> None:
    old = MatConvNetRestorer(path=str(save(tmp_path / "old.mat", dncnn, [1.0, 1.0, 1.0, 1.0])))
    path = as_matlab73(tmp_path / "new.mat", {"net": network_of(dncnn, [1.0, 1.0, 1.0, 1.0])})
    new = MatConvNetRestorer(path=str(path))
    image = generator.random((1, 30, 40), dtype=np.float32)
    np.testing.assert_array_equal(
        restore_image(new, image, Conditions()), restore_image(old, image, Conditions())
    )


def test_a_matlab_7_3_file_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = as_matlab73(tmp_path / "net.mat", {"net": {"layers": cells([{"type": "relu"}])}})
    with h5py.File(path, "r+") as file:
        file["net/layers"][0, 0] = file["net"].ref
    with pytest.raises(InputError, match="cannot be read"):
        MatConvNetRestorer(path=str(path))
