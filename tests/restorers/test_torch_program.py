"""Networks saved with their code: run, and refused where the code reaches for more than tensors."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from harness.errors import InputError
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer


class Twice(nn.Module):
    """Enlarges by two."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 12, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.shuffle(self.convolution(image)) * 0.5 + 0.25


class Writes(nn.Module):
    """Overwrites a file with a tensor's bytes."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image + torch.from_file(self.path, True, 64).fill_(1.0).sum()


@pytest.fixture(scope="module")
def network() -> Twice:
    torch.manual_seed(0)
    return Twice().eval()


@pytest.fixture(scope="module")
def saved(network: Twice, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("programs")
    files = {suffix: folder / f"twice{suffix}" for suffix in (".ts", ".pt", ".pt2")}
    torch.jit.script(network).save(str(files[".ts"]))
    files[".pt"].write_bytes(files[".ts"].read_bytes())
    free = {2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO}
    example = (torch.rand(1, 3, 32, 40),)
    program = torch.export.export(network, example, dynamic_shapes=(free,))
    torch.export.save(program, files[".pt2"])
    return files


@pytest.mark.parametrize("suffix", [".ts", ".pt", ".pt2"])
def test_it_runs_as_the_network_does(
    saved: dict[str, Path], network: Twice, generator: np.random.Generator, suffix: str
) -> None:
    restorer = build_restorer(parse_restorer(str(saved[suffix])))
    assert (restorer.card.scales, restorer.card.parameters) == ((2,), 336)
    image = generator.random((3, 21, 34), dtype=np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(image)[None])[0].clamp(0, 1).numpy()
    assert np.allclose(restore_image(restorer, image, Conditions(scale=2)), expected, atol=1e-6)


def test_a_network_traced_for_one_size_is_tiled(
    tmp_path: Path, generator: np.random.Generator
) -> None:
    program = torch.export.export(nn.Identity(), (torch.rand(1, 3, 32, 32),))
    torch.export.save(program, tmp_path / "same.pt2")
    image = generator.random((3, 20, 70), dtype=np.float32)
    with pytest.raises(InputError, match=r"same\.pt2 does not run on 3 x 64 x 64"):
        build_restorer(parse_restorer(str(tmp_path / "same.pt2")))
    restorer = build_restorer(parse_restorer(f"{tmp_path / 'same.pt2'}:size=32"))
    assert np.allclose(restore_image(restorer, image, Conditions()), image, atol=1e-6)


def test_torchscript_that_reaches_files_is_refused(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    module = torch.jit.script(Writes(str(victim)))
    for name in ("writes.ts", "writes.pt"):
        module.save(str(tmp_path / name))
        with pytest.raises(InputError, match=r"is refused: its code .* names 'from_file'"):
            build_restorer(parse_restorer(str(tmp_path / name)))
    assert not victim.exists()
    torch.jit.load(str(tmp_path / "writes.ts"))(torch.zeros(1, 3, 8, 8))
    assert victim.exists(), "the file would have done harm, had it been run"


def test_code_under_an_odd_name_is_read_as_well(tmp_path: Path) -> None:
    source, target = tmp_path / "writes.ts", tmp_path / "odd.ts"
    torch.jit.script(Writes("victim")).save(str(source))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name.replace("/code/", "/CODE/").replace(".py", ".PY"), old.read(name))
            if name.endswith(".py"):
                new.writestr(name, "class Writes(Module):\n  pass\n")
    with pytest.raises(InputError, match=r"names 'from_file'"):
        build_restorer(parse_restorer(str(target)))


def altered(
    source: Path, target: Path, change: Any = None, more: dict[str, bytes] | None = None
) -> str:
    """A copy of an exported program with another graph, or with more files in it."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if change is not None and name.endswith("models/model.json"):
                content = json.dumps(change(json.loads(content))).encode()
            if not any(name.endswith(extra) for extra in more or {}):
                new.writestr(name, content)
        for name, content in (more or {}).items():
            new.writestr(f"{old.namelist()[0].partition('/')[0]}/{name}", content)
    return str(target)


def call(target: str) -> Any:
    def change(graph: Any) -> Any:
        graph["graph_module"]["graph"]["nodes"][0]["target"] = target
        return graph

    return change


@pytest.mark.parametrize(
    "target", ["torch.os.system", "_operator.methodcaller", "torch.ops.aten.from_file.default"]
)
def test_an_exported_program_that_calls_something_else_is_refused(
    saved: dict[str, Path], tmp_path: Path, target: str
) -> None:
    path = altered(saved[".pt2"], tmp_path / "calls.pt2", call(target))
    with pytest.raises(InputError, match=f"is refused: its graph calls '{target}'"):
        build_restorer(parse_restorer(path))


def test_a_size_that_is_code_is_refused(saved: dict[str, Path], tmp_path: Path) -> None:
    def change(graph: Any) -> Any:
        return json.loads(json.dumps(graph).replace("Symbol('", "__import__('os').system('"))

    with pytest.raises(InputError, match="is no size of an array"):
        build_restorer(parse_restorer(altered(saved[".pt2"], tmp_path / "size.pt2", change)))


class Exploit:
    """Unpickling this touches a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.marker}",)


def test_pickles_in_an_exported_program_are_not_executed(
    saved: dict[str, Path], tmp_path: Path
) -> None:
    marker = tmp_path / "owned"
    evil = io.BytesIO()
    torch.save(Exploit(marker), evil)
    sample = {"data/sample_inputs/model.pt": evil.getvalue()}
    path = altered(saved[".pt2"], tmp_path / "a.pt2", more=sample)
    with pytest.raises(InputError, match="cannot be read as an exported program"):
        build_restorer(parse_restorer(path))
    objects = {"data/constants/opaque_obj_0": pickle.dumps(Exploit(marker))}
    with pytest.raises(InputError, match=r"is refused: it holds .*opaque_obj_0"):
        build_restorer(parse_restorer(altered(saved[".pt2"], tmp_path / "b.pt2", more=objects)))
    assert not marker.exists()


@pytest.mark.parametrize("suffix", [".ts", ".pt2"])
def test_a_damaged_file_is_one_clear_line(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(b"\0" * 100)
    with pytest.raises(InputError, match=f"damaged{suffix} cannot be read as"):
        build_restorer(parse_restorer(str(path)))
