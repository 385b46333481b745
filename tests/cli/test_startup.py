"""The command line starts quickly: heavy packages are imported by the commands that need them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pytest

from harness.cli.group import COMMANDS, cli, main
from harness.images import write_image

Command = Callable[..., tuple[int, str, str]]

HEAVY = (
    "torch", "numpy", "pandas", "pyiqa", "matplotlib", "timm", "basicsr", "cv2", "skimage",
    "onnxruntime",
)  # fmt: skip

_SCRIPT = """
import json, sys
from harness.cli.group import main
try:
    main({arguments!r})
except SystemExit as leaving:
    heavy = [name for name in {heavy!r} if name in sys.modules]
    print(json.dumps([leaving.code, heavy]), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["list"], ["list", "metrics", "--json"], ["run", "--help"], ["zoo", "list"]],
)
def test_no_heavy_package_is_imported(arguments: list[str]) -> None:
    script = _SCRIPT.format(arguments=arguments, heavy=HEAVY)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    code, imported = json.loads(done.stderr.splitlines()[-1])
    assert (code, imported) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "code", "unwanted"),
    [
        # what is known of a plan without torch is said without it, and a plan needs none
        (["run", "-b", "quickstart", "-r", "gone.pth"], 2, {"torch"}),
        (["run", "-b", "quickstart", "-r", "a/network.tflite"], 2, {"torch"}),
        (["run", "-b", "quickstart", "-r", "tv:strongth=2"], 2, {"torch"}),
        (["run", "-b", "quickstart", "-r", "wiener"], 4, {"torch"}),
        (["restore", "-r", "ffdnet", __file__, "out.png"], 2, {"torch", "numpy"}),
        (["restore", "-r", "tv:strongth=2", __file__, "out.png"], 2, {"torch", "numpy"}),
        (["restore", "-r", "tv", __file__, "out.jpg"], 2, {"torch", "numpy"}),
        (["score", "PHOTO", "-m", "psnr", "--reference", "PHOTO"], 0, {"torch", "cv2", "scipy"}),
        (["score", "PHOTO"], 0, {"timm", "torchvision", "scipy", "pandas", "skimage", "sympy"}),
    ],
)
def test_a_command_imports_what_it_needs(
    arguments: list[str], code: int, unwanted: set[str], tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    write_image(photo, np.full((3, 16, 16), 0.5, np.float32))
    given = [str(photo) if item == "PHOTO" else item for item in arguments]
    script = _SCRIPT.format(arguments=given, heavy=sorted(unwanted))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stderr.splitlines()[-1]) == [code, []], done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["restore", "-r", "ffdnet", "PHOTO", "out.png"], "give --sigma"),
        (["restore", "-r", "dat-light", "--scale", "5", "PHOTO", "out.png"], "has no x5"),
        (["restore", "-r", "nl-means:power=1", "PHOTO", "out.png"], "takes no 'power'"),
        (["run", "-b", "quickstart", "-r", "PAGE.pth", "--dry-run"], "is a web page"),
        (["run", "-b", "quickstart", "-r", "CUT.pth", "--dry-run"], "lacks its end"),
        (["run", "-b", "quickstart", "-r", "CUT.pt", "--dry-run"], "lacks its end"),
        (["run", "-b", "quickstart", "-r", "PAGE.onnx", "--dry-run"], "is a web page"),
        (["run", "-b", "quickstart", "-r", "network:net.py:N:weights=CUT.pth"], "lacks its end"),
        (["run", "-b", "quickstart", "-r", "network:bad.py:N:weights=OK.pth"], "is no Python"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_heavy_is_imported(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    write_image(tmp_path / "PHOTO.png", np.full((3, 16, 16), 0.5, np.float32))
    (tmp_path / "net.py").write_text("import torch")
    (tmp_path / "bad.py").write_text("def :")
    (tmp_path / "OK.pth").write_bytes(b"\x80\x02}q\x00.")
    for name in ("PAGE.pth", "PAGE.onnx"):
        (tmp_path / name).write_text("<!doctype html><p>Sign in")
    for name in ("CUT.pth", "CUT.pt"):
        (tmp_path / name).write_bytes(b"PK\3\4" + bytes(600))
    given = ["PHOTO.png" if item == "PHOTO" else item for item in arguments]
    heavy = {"torch", "spandrel", "cv2", "skimage", "scipy", "pandas", "onnxruntime"}
    script = _SCRIPT.format(arguments=given, heavy=sorted(heavy))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert json.loads(done.stderr.splitlines()[-1]) == [2, []], done.stderr
    assert message in done.stderr


def commands(group: click.Group, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        found.append((*before, name))
        if isinstance(command, click.Group):
            found += commands(command, (*before, name))
    return found


@pytest.mark.parametrize("path", commands(cli), ids=" ".join)
def test_every_command_has_help(command_line: Command, path: tuple[str, ...]) -> None:
    code, out, _ = command_line(*path, "--help")
    assert code == 0
    assert out.startswith("Usage: restobench " + " ".join(path))
    assert "\\b" not in out, "a mark of click's, left as text"
    if path[0] not in ("zoo", "sets"):
        assert "Examples:" in out or "Commands:" in out


def test_every_command_is_listed_once() -> None:
    assert list(COMMANDS) == sorted(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["lst"], 2, "lst"),
        (["run"], 2, "--benchmark"),
        (["run", "-b", "quikstart"], 2, "Did you mean quickstart?"),
        (["run", "-b", "quickstart", "-r", "bicubik"], 2, "Did you mean bicubic?"),
        (["run", "-b", "quickstart", "-m", "pnsr"], 2, "Did you mean psnr"),
        (["run", "-b", "quickstart", "--set", "photos-x9"], 2, "has no set 'photos-x9'"),
        (["run", "-b", "quickstart", "-r", "gone.pth"], 2, "gone.pth"),
        (["run", "-b", "quickstart", "--device", "cuda:99"], 2, "cuda:99"),
        (["rank", "no-such-folder"], 2, "no-such-folder"),
        (["report", "no-such-folder"], 2, "no-such-folder"),
        (["restore", "-r", "identity", "no-such-file.png", "out.png"], 2, "no-such-file.png"),
        (["train", "dri", "--config", "gone", "--out", "x"], 2, "gone"),
    ],
)
def test_a_mistake_is_one_clear_line(
    command_line: Command, arguments: list[str], code: int, message: str
) -> None:
    left, out, err = command_line(*arguments)
    assert left == code
    assert message in err
    assert "Traceback" not in out + err


def test_flags_may_stand_after_the_command(
    command_line: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = ("--set", "photos-x2", "-m", "psnr", "--limit", "1")
    arguments = ("run", "-b", "quickstart", "-r", "bicubic", *few)
    code, out, err = command_line(*arguments, "--out", tmp_path / "run", "--quiet")
    assert (code, out, err) == (0, "", "")
    monkeypatch.setattr("harness.cli.listing.KINDS", None)
    with pytest.raises(TypeError):
        main(["list", "--debug"])
    assert command_line("list")[0] == 70
