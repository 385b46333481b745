"""`restobench restore`: a file, a folder, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
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


def _same_folder(folder: Path) -> Path:
    return folder


def _relative(folder: Path) -> Path:
    return Path(os.path.relpath(folder))


def _with_dots(folder: Path) -> Path:
    return folder / ".." / folder.name


def _link_to_the_folder(folder: Path) -> Path:
    (link := folder.parent / "link").symlink_to(folder)
    return link


def _symlink_under_another_name(folder: Path) -> Path:
    """Where b's picture will be written lies what a.png, an input, stands for."""
    (out := folder.parent / "out").mkdir()
    (folder / "a.png").rename(out / "b.png")
    (folder / "a.png").symlink_to(out / "b.png")
    return out


def _hard_link(folder: Path) -> Path:
    (out := folder.parent / "out").mkdir()
    (out / "a.png").hardlink_to(folder / "a.png")
    return out


WAYS = [
    _same_folder, _relative, _with_dots, _link_to_the_folder, _symlink_under_another_name,
    _hard_link,
]  # fmt: skip


@pytest.mark.parametrize(
    "command", [("restore", "-r", "tv", "--sigma", 20), ("degrade", "jpeg:quality=20")]
)
@pytest.mark.parametrize("way", WAYS)
def test_no_input_is_written_over(
    command_line: Command,
    folder: Path,
    way: Callable[[Path], Path],
    command: tuple[object, ...],
) -> None:
    target, before = way(folder), {path: path.read_bytes() for path in folder.iterdir()}
    code, _, error = command_line(*command, folder, target)
    assert (code, error.count("\n")) == (2, 1), error
    assert "is the input" in error
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_nor_is_a_single_one(command_line: Command, folder: Path) -> None:
    before = (folder / "a.png").read_bytes()
    for target in (folder / "a.png", folder / ".." / folder.name / "a.png", folder):
        assert command_line("restore", "-r", "identity", folder / "a.png", target)[0] == 2
    assert (
        command_line("score", folder / "a.png", "-m", "blur-effect", "--csv", folder / "a.png")[0]
        == 2
    )
    assert (folder / "a.png").read_bytes() == before


KINDS = {
    "ValueError": ("raise ValueError('not this one')", "a.png: ValueError: not this one"),
    "KeyError": ("raise KeyError('not this one')", "a.png: KeyError: "),
    "MemoryError": ("raise MemoryError('not this one')", "a.png: MemoryError: not this one"),
    "SystemExit": ("raise SystemExit('not this one')", "a.png: SystemExit: not this one"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "a.png: KeyboardInterrupt"),
    "GeneratorExit": ("raise GeneratorExit", "a.png: GeneratorExit"),
    "leaves": ("os._exit(0)", "a.png: the process of moody died by leaving in the middle of its"),
    "leaves-3": ("os._exit(3)", "a.png: the process of moody died with exit code 3"),
    "killed": ("os.kill(os.getpid(), 9)", "a.png: the process of moody died of SIGKILL"),
    "segfault": ("os.kill(os.getpid(), 11)", "a.png: the process of moody died of SIGSEGV"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_restorer_does_the_other_files_go_on(
    command_line: Command,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    does, told = KINDS[kind]
    (tmp_path / "moody.py").write_text(
        "import os\n"
        "from harness.protocols import Restorer, RestorerCard\n"
        "class Moody(Restorer):\n"
        "    card = RestorerCard('moody', scales=(1,), parameters=0)\n"
        "    def __init__(self, *, device='cpu'): os.chdir('/')\n"
        "    def restore(self, image, conditions):\n"
        "        if conditions.sample_id == 'a':\n"
        f"            {does}\n"
        "        return image\n"
    )
    target = tmp_path / "out"
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(folder.parent)
    code, _, error = command_line("restore", "-r", "moody:Moody", folder.name, target.name)
    sys.modules.pop("moody", None)
    assert code == 3, error
    assert told in error
    assert [path.name for path in target.iterdir()] == ["b.png"]


def test_a_restorer_that_dies_while_it_is_loaded_is_named(
    command_line: Command, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dies_early.py").write_text(
        "import os\nfrom harness.protocols import RestorerCard\n"
        "class Early:\n"
        "    def __init__(self, *, device='cpu'): os._exit(0)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    code, _, error = command_line("restore", "-r", "dies_early:Early", folder, tmp_path / "out")
    assert code == 2
    assert "error: dies_early:Early: its process died by leaving in the middle" in error
    assert not (tmp_path / "out").exists()


def test_a_file_that_cannot_be_written_is_named_and_the_others_go_on(
    command_line: Command, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "out" / "a.png").mkdir(parents=True)
    code, _, error = command_line("restore", "-r", "identity", folder, tmp_path / "out")
    assert code == 3
    assert "a.png cannot be written: Is a directory" in error
    assert (tmp_path / "out" / "b.png").is_file()


def test_hidden_files_are_named(command_line: Command, folder: Path, tmp_path: Path) -> None:
    (folder / "._a.png").write_bytes(b"AppleDouble")
    for command in (
        ("restore", "-r", "identity", folder, tmp_path / "out"),
        ("degrade", "jpeg:quality=20", folder, tmp_path / "noisy"),
        ("score", folder, "-m", "blur-effect"),
    ):
        code, _, error = command_line(*command)
        assert code == 0
        assert f"warning: hidden files of {folder} are left out: ._a.png" in error


def test_a_script_that_does_not_guard_itself_runs_once(folder: Path, tmp_path: Path) -> None:
    """The process of the restorer must not run it again."""
    call = ["restore", "-r", "identity", str(folder), str(tmp_path / "out")]
    program = f"print('runs')\nfrom harness.cli import main\nmain({call!r})\n"
    (tmp_path / "script.py").write_text(program)
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout.count("runs")) == (0, 1), done.stderr
    assert len(list((tmp_path / "out").iterdir())) == 2
