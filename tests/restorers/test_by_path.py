"""Restorers given by a path or specification: real files, damaged files, hostile files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from harness import basicsr_shim
from harness.errors import HarnessError, InputError, UnknownNameError
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions, Task
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer
from harness.restoring.probing import wrong_range

NETWORK = {
    "type": "MSRResNet", "num_in_ch": 3, "num_out_ch": 3, "num_feat": 8, "num_block": 1,
    "upscale": 2,
}  # fmt: skip


class Exploit:
    """Unpickling this touches a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.marker}",)


@pytest.fixture
def options(tmp_path: Path) -> Path:
    """A small basicsr network with random weights, and the options file that names them."""
    if basicsr_shim.missing():
        pytest.skip(str(basicsr_shim.missing()))
    torch.manual_seed(0)
    network = basicsr_shim.build_network(NETWORK)
    torch.save({"params": network.state_dict()}, tmp_path / "weights.pth")
    path = tmp_path / "options.yml"
    write_options(path, "weights.pth")
    return path


def write_options(path: Path, weights: str, **network: Any) -> None:
    paths = {"pretrain_network_g": weights}
    content = {"name": "small", "scale": 2, "network_g": NETWORK | network, "path": paths}
    path.write_text(yaml.safe_dump(content))


def test_basicsr_from_an_options_file(options: Path, generator: np.random.Generator) -> None:
    restorer = build_restorer(parse_restorer(f"basicsr:{options}"))
    assert (restorer.card.name, restorer.card.scales) == ("small", (2,))
    assert restorer.card.tasks == (Task.SUPER_RESOLVE,)
    image = generator.random((3, 21, 30), dtype=np.float32)
    restored = restore_image(restorer, image, Conditions(scale=2))
    network = basicsr_shim.build_network(NETWORK)
    weights = torch.load(options.with_name("weights.pth"), weights_only=True)
    network.load_state_dict(weights["params"])
    with torch.inference_mode():
        expected = network(torch.from_numpy(image)[None])[0].clamp(0, 1).numpy()
    assert np.allclose(restored, expected, atol=1e-6)


def test_basicsr_weights_of_another_network_are_refused(options: Path) -> None:
    write_options(options, "weights.pth", num_feat=16)
    with pytest.raises(InputError, match="does not fit the network"):
        build_restorer(parse_restorer(f"basicsr:{options}"))


def test_a_hostile_weight_file_runs_nothing(options: Path, tmp_path: Path) -> None:
    marker = tmp_path / "owned"
    torch.save({"params": Exploit(marker)}, tmp_path / "evil.pth")
    write_options(options, "evil.pth")
    for text in (str(tmp_path / "evil.pth"), f"basicsr:{options}"):
        with pytest.raises(InputError, match=r"refused|cannot be read"):
            build_restorer(parse_restorer(text))
    assert not marker.exists()
    torch.load(tmp_path / "evil.pth", weights_only=False)
    assert marker.exists(), "the file would have done harm, had it been unpickled"


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".onnx"])
def test_a_damaged_file_is_one_clear_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(b"\0" * 100)
    message = f"damaged{suffix} cannot be read|damaged{suffix} is refused"
    with pytest.raises(InputError, match=message):
        build_restorer(parse_restorer(str(path)))


def test_weights_of_no_known_architecture(tmp_path: Path) -> None:
    torch.save({"a.weight": torch.zeros(3)}, tmp_path / "odd.pth")
    with pytest.raises(InputError, match="of no architecture that spandrel"):
        build_restorer(parse_restorer(str(tmp_path / "odd.pth")))


@pytest.mark.parametrize("text", ["gone.pth", "gone.onnx", "basicsr:gone.yml"])
def test_a_missing_file_is_named(text: str) -> None:
    with pytest.raises(InputError, match=r"gone\.\w+ (does not exist|cannot be read)"):
        build_restorer(parse_restorer(text))


def test_onnx_equals_the_network_it_was_exported_from(
    data: Path, generator: np.random.Generator
) -> None:
    pytest.importorskip("onnxruntime")
    weights = data / "weights"
    image = generator.random((1, 40, 52), dtype=np.float32)
    by_spandrel, by_onnx = (
        restore_image(build_restorer(parse_restorer(str(weights / name))), image, Conditions())
        for name in ("dncnn_25.pth", "dncnn_25_gray.onnx")
    )
    assert np.abs(by_spandrel - by_onnx).max() < 1e-4


@pytest.mark.parametrize("name", ["dncnn_25.pth", "dncnn_25_gray.onnx", "opencv_pb/FSRCNN_x2.pb"])
def test_a_network_in_its_own_range_is_let_through(data: Path, name: str) -> None:
    if name.endswith(".onnx"):
        pytest.importorskip("onnxruntime")
    assert wrong_range(build_restorer(parse_restorer(str(data / "weights" / name)))) is None


def test_safetensors_and_another_range(
    data: Path, tmp_path: Path, generator: np.random.Generator
) -> None:
    from safetensors.torch import save_file

    source, target = data / "weights/dncnn_25.pth", tmp_path / "dncnn.safetensors"
    save_file(torch.load(source, weights_only=True, map_location="cpu"), target)
    image = generator.random((1, 24, 31), dtype=np.float32)
    expected = restore_image(build_restorer(parse_restorer(str(source))), image, Conditions())
    restorer = build_restorer(parse_restorer(str(target)))
    assert np.array_equal(restore_image(restorer, image, Conditions()), expected)
    ranged = build_restorer(parse_restorer(f"{target}:range=255"))
    mean = restore_image(ranged, image, Conditions()).mean()
    assert mean > 0.3, "spandrel's own call would clip it to 1 of 255"


def test_a_python_object(generator: np.random.Generator) -> None:
    restorer = build_restorer(parse_restorer("misbehaving:Good"))
    image = generator.random((3, 8, 8), dtype=np.float32)
    assert np.array_equal(restore_image(restorer, image, Conditions()), image)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("misbehaving:Gone", "cannot be imported"),
        ("no_such_module:Gone", "cannot be imported"),
        ("json:dumps", "dumps"),
        ("pathlib:Path", "Path"),
        ("misbehaving:TinySet", "TinySet"),
        ("nl-means:strength", "'strength' is not name=value"),
        ("identity:strength=2", "strength"),
    ],
)
def test_what_names_no_restorer_is_a_clear_line(text: str, message: str) -> None:
    with pytest.raises((HarnessError, TypeError), match=message):
        build_restorer(parse_restorer(text))


def test_parameters_are_read_as_what_they_look_like() -> None:
    spec = parse_restorer("bm3d:sigma_255=25,fast=true,profile=np,ratio=0.5")
    assert dict(spec.parameters) == {"sigma_255": 25, "fast": True, "profile": "np", "ratio": 0.5}
    assert [type(value) for _, value in spec.parameters] == [int, bool, str, float]


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean"):
        parse_restorer("dat-lite")
