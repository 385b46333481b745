"""`restobench wrap`: from a weight file and a source to what stands after `-r`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

Command = Callable[..., tuple[int, str, str]]

SOURCE = """
from torch import nn

class Net(nn.Module):
    def __init__(self, width, blocks=2, scale=2, *, bias=True, white=1.0):
        super().__init__()
        self.head = nn.Conv2d(3, width, 3, padding=1, bias=bias)
        self.body = nn.Sequential(*(nn.Conv2d(width, width, 3, padding=1) for _ in range(blocks)))
        self.tail = nn.Conv2d(width, 3 * scale**2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(scale)

    def forward(self, x):
        return self.shuffle(self.tail(self.body(self.head(x))))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(folder: Path, **arguments: Any) -> None:
    names: dict[str, Any] = {}
    exec(compile(SOURCE, "net.py", "exec"), names)  # noqa: S102 - the text above
    torch.save({"params_ema": names["Net"](**arguments).state_dict()}, folder / "net.pth")


def test_arguments_are_found_by_shapes(command_line: Command, folder: Path) -> None:
    save(folder, width=20, blocks=3, scale=3, bias=False)
    code, out, _ = command_line("wrap", "net.py", "net.pth", "--json")
    [row] = json.loads(out)["rows"]
    assert code == 0
    assert (row["scale"], row["channels"], row["loads"]) == (3, 3, True)
    head, _, said = row["restorer"].partition(":weights=net.pth,")
    assert head == "network:net.py:Net"
    assert set(said.split(",")) >= {"width=20", "blocks=3", "scale=3", "bias=False"}
    code, out, _ = command_line("wrap", "net.pth", "net.py")
    assert "restobench run -b sr-y --set set5-x3 -r network:net.py:Net:weights=" in out


def test_lists_are_found_too_and_those_beside_them(command_line: Command, folder: Path) -> None:
    source = """
from torch import nn

class Net(nn.Module):
    def __init__(self, depths=(2, 2), widths=[4, 4], scale=2):
        super().__init__()
        steps = zip(depths, widths, strict=True)
        self.stages = nn.ModuleList(
            nn.Sequential(*(nn.Conv2d(3, 3, width, padding="same") for _ in range(depth)))
            for depth, width in steps
        )
        self.tail = nn.Conv2d(3, 3 * scale**2, 1)
        self.shuffle = nn.PixelShuffle(scale)

    def forward(self, x):
        for stage in self.stages:
            x = x + stage(x)
        return self.shuffle(self.tail(x))
"""
    (folder / "net.py").write_text(source)
    names: dict[str, Any] = {}
    exec(compile(source, "net.py", "exec"), names)  # noqa: S102 - the text above
    network = names["Net"](depths=[3, 1, 2], widths=[4, 5, 3], scale=3)
    torch.save(network.state_dict(), folder / "net.pth")
    code, out, err = command_line("wrap", "net.pth", "net.py", "--json")
    assert code == 0, err
    [row] = json.loads(out)["rows"]
    assert row["scale"] == 3
    assert "depths=[3;1;2]" in row["restorer"]
    assert "widths=[4;5;3]" in row["restorer"]


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ([1], "holds no named tensors, but a list"),
        ("TorchScript", "is a program of TorchScript, and no weights"),
    ],
)
def test_a_file_without_weights_is_one_clear_line(
    command_line: Command, folder: Path, held: object, message: str
) -> None:
    if held == "TorchScript":
        torch.jit.script(torch.nn.Conv2d(3, 3, 1)).save(folder / "net.pth")
    else:
        torch.save(held, folder / "net.pth")
    code, _, err = command_line("wrap", "net.pth", "net.py")
    assert code == 2
    assert message in err


def test_what_does_not_fit_is_said_with_the_nearest(command_line: Command, folder: Path) -> None:
    torch.save(
        {"head.weight": torch.zeros(7, 3, 3, 3), "other": torch.zeros(1)}, folder / "net.pth"
    )
    code, out, err = command_line("wrap", "net.pth", "net.py")
    assert code == 2
    assert "1 not of the network (other)" in err
    assert "the nearest: -r network:net.py:Net:weights=net.pth,width=7" in out


def test_a_class_that_cannot_be_built_says_why(command_line: Command, folder: Path) -> None:
    save(folder, width=4)
    (folder / "net.py").write_text(
        SOURCE.replace("blocks=2", "blocks").replace("range(blocks)", "blocks")
    )
    code, _, err = command_line("wrap", "net.pth", "net.py")
    assert code == 2
    assert "Net takes width, blocks, scale=2" in err
    assert "'int' object is not iterable" in err


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (("net.pth",), "restobench wrap net.pth net.py (docs/add-a-restorer.md)"),
        (("net.py",), "0 weight files and 1 Python files; expected one weight file"),
        (("net.py", "net.txt"), "net.txt cannot be read as"),
    ],
)
def test_what_is_missing_is_said(
    command_line: Command, folder: Path, files: tuple[str, ...], message: str
) -> None:
    save(folder, width=4)
    (folder / "net.txt").write_text("not weights")
    code, _, err = command_line("wrap", *files)
    assert code == 2
    assert message in err


def test_where_weights_lay_is_said(command_line: Command, folder: Path) -> None:
    save(folder, width=4)
    _, out, _ = command_line("wrap", "net.pth", "net.py")
    assert "scale 2, 3 planes, fed 0..1, " in out
    assert "weights from 'params_ema'" in out
    assert "restobench run -b demo --set photos-x2 -r network:net.py:Net:" in out


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_class_that_is_written_runs_as_the_network_does(
    command_line: Command, folder: Path, prefix: str
) -> None:
    save(folder, width=6)
    state = torch.load(folder / "net.pth")["params_ema"]
    torch.save({"a": {prefix + key: value for key, value in state.items()}}, folder / "net.pth")
    code, out, err = command_line("wrap", "net.pth", "net.py", "--plugin", "mine.py", "--json")
    assert code == 0
    assert "mine.py: -r mine:NetRestorer" in err
    text = json.loads(out)["rows"][0]["restorer"]
    Image.fromarray(np.full((24, 20, 3), 90, np.uint8)).save(folder / "in.png")
    for name, specification in {"own": "mine:NetRestorer", "network": text}.items():
        arguments = ("in.png", f"{name}.png")
        code, _, err = command_line("restore", "-r", specification, *arguments)
        assert code == 0, err
    own, network = (np.asarray(Image.open(f"{name}.png")) for name in ("own", "network"))
    assert own.shape == (48, 40, 3)
    assert np.array_equal(own, network)
    code, _, err = command_line("wrap", "net.pth", "net.py", "--plugin", "mine.py")
    assert code == 2
    assert "expected a new file" in err, "what somebody has completed is not written over"


def test_a_grey_network_is_run_on_grey(command_line: Command, folder: Path) -> None:
    source = SOURCE.replace("Conv2d(3,", "Conv2d(1,").replace("3 * scale**2", "scale**2")
    (folder / "net.py").write_text(source)
    save(folder, width=4)
    state = torch.load(folder / "net.pth")["params_ema"]
    state["head.weight"] = state["head.weight"][:, :1]
    state["tail.weight"], state["tail.bias"] = state["tail.weight"][:4], state["tail.bias"][:4]
    torch.save(state, folder / "net.pth")
    code, out, _ = command_line("wrap", "net.pth", "net.py", "--json")
    [row] = json.loads(out)["rows"]
    assert (code, row["channels"], row["scale"]) == (0, 1, 2)
    assert row["restorer"].endswith(",channels=1")


def test_a_network_that_takes_more_than_an_image_leads_to_a_class(
    command_line: Command, folder: Path
) -> None:
    save(folder, width=4)
    (folder / "net.py").write_text(SOURCE.replace("forward(self, x)", "forward(self, x, sigma)"))
    code, _, err = command_line("wrap", "net.pth", "net.py", "--plugin", "mine.py")
    assert code == 2
    assert "it takes more than an image: restobench wrap ... --plugin FILE.py" in err
    text = (folder / "mine.py").read_text()
    assert "forward takes x, sigma;" in text
    compile(text, "mine.py", "exec")
