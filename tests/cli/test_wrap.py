"""`restobench wrap`: from a weight file and a source to what stands after `-r`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

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
