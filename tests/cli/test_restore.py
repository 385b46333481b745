"""`restobench restore`: a file, a folder, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from harness.images import read_image, write_image

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, generator: np.random.Generator) -> Path:
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        image = generator.random((3, 20, 30), dtype=np.float32)
        write_image(tmp_path / "in" / f"{name}.png", image)
    return tmp_path / "in"


def test_one_image(command_line: Command, folder: Path, tmp_path: Path) -> None:
    small, large = folder / "a.png", tmp_path / "large.png"
    code, _, _ = command_line("restore", "-r", "bicubic", "--scale", 3, small, large)
    assert (code, read_image(large).shape) == (0, (3, 60, 90))


def test_a_folder_in_which_one_image_is_damaged(
    command_line: Command, folder: Path, tmp_path: Path
) -> None:
    (folder / "damaged.png").write_bytes(b"no image")
    code, _, err = command_line("restore", "-r", "tv", "--sigma", 20, folder, tmp_path / "out")
    assert code == 3
    assert "damaged.png" in err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-r", "bicubic", "--scale", "5"], "has no x5"),
        (["-r", "ffdnet"], "give --sigma"),
        (["-r", "nobody"], "no restorer is called"),
    ],
)
def test_what_cannot_be_done_is_said(
    command_line: Command, folder: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    code, _, err = command_line("restore", *arguments, folder, tmp_path / "out")
    if "not usable here" in err:
        pytest.skip(err)
    assert code == 2
    assert message in err
    assert not (tmp_path / "out").exists()


def test_output_without_loss_only(command_line: Command, folder: Path, tmp_path: Path) -> None:
    code, _, err = command_line("restore", "-r", "identity", folder / "a.png", tmp_path / "out.jpg")
    assert code == 2
    assert "must end in .png" in err


def test_two_files_of_one_name(command_line: Command, folder: Path, tmp_path: Path) -> None:
    (folder / "a.bmp").write_bytes((folder / "a.png").read_bytes())
    code, _, err = command_line("restore", "-r", "identity", folder, tmp_path / "out")
    assert code == 2
    assert "both would be written to a.png" in err


def test_a_network_in_the_wrong_range_is_not_run(
    command_line: Command, folder: Path, tmp_path: Path
) -> None:
    network = nn.Sequential(nn.Hardtanh(0.0, 255.0), nn.Conv2d(3, 3, 1, groups=3, bias=False))
    nn.init.ones_(network[1].weight)
    torch.jit.script(network).save(str(tmp_path / "clamps.ts"))
    arguments = ["restore", "-r", f"{tmp_path / 'clamps.ts'}:range=-1..1", folder, tmp_path / "out"]
    code, _, err = command_line(*arguments)
    assert code == 2
    assert "set range=1" in err
    assert not (tmp_path / "out").exists()
    arguments[2] += ",probe=false"
    assert command_line(*arguments)[0] == 0
