"""ncnn networks by path: what they return and are refused for; the same as out of the zoo."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from harness import zoo
from harness.errors import InputError
from harness.plugins.kinds import restorers
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions, Task
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer

pytest.importorskip("ncnn")
REPEAT = "7767517\n2 2\nInput in 0 1 in\nInterp repeat 1 1 in out 0=1 1=2.0 2=2.0\n"
TWO_OUTPUTS = "7767517\n2 3\nInput in 0 1 in\nSplit two 1 2 in one other\n"
TWO = r"has inputs \['in'\] and outputs \['one', 'other'\]; expected one image in and one out"


def write(folder: Path, content: str = REPEAT) -> Path:
    """A network that repeats every pixel, and has no weights."""
    (folder / "repeat.bin").touch()
    (folder / "repeat.param").write_text(content)
    return folder / "repeat.param"


@pytest.mark.parametrize("pointer", ["repeat.param", "repeat.bin"])
def test_a_pointer_in_place_of_a_file(pointer: str, tmp_path: Path) -> None:
    for name in ("repeat.param", "repeat.bin"):
        (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\n")
    (tmp_path / pointer).write_text("")
    with pytest.raises(InputError, match="git lfs pull"):
        build_restorer(parse_restorer(str(tmp_path / "repeat.param")))


@pytest.mark.parametrize(("channels", "border"), [(3, 0), (1, 0), (3, 5)])
def test_a_network_without_weights(
    tmp_path: Path, generator: np.random.Generator, channels: int, border: int
) -> None:
    restorer = build_restorer(
        parse_restorer(f"{write(tmp_path)}:channels={channels},border={border}")
    )
    assert (restorer.card.scales, restorer.card.tasks) == ((2,), (Task.SUPER_RESOLVE,))
    image = generator.random((3, 9, 14), dtype=np.float32)
    restored = restore_image(restorer, image, Conditions(scale=2))
    assert np.array_equal(restored, image.repeat(2, 1).repeat(2, 2))


@pytest.mark.zoo
@pytest.mark.parametrize(("name", "border"), [("span", 10), ("waifu2x-photo", 7)])
def test_the_same_as_out_of_the_zoo(
    tmp_path: Path, generator: np.random.Generator, name: str, border: int
) -> None:
    cls = restorers.get(name)
    if cls.missing() is not None:
        pytest.skip(str(cls.missing()))
    for weight in cls.card.weights[:2]:
        shutil.copy(zoo.locate(weight, name), tmp_path / f"network{Path(weight.path).suffix}")
    by_path = build_restorer(parse_restorer(f"{tmp_path / 'network.param'}:border={border}"))
    image = generator.random((3, 33, 40), dtype=np.float32)
    expected = restore_image(cls(), image, Conditions(scale=2))
    assert np.array_equal(restore_image(by_path, image, Conditions(scale=2)), expected)


@pytest.mark.parametrize(
    ("content", "parameters", "message"),
    [
        ("nonsense", "", "ncnn cannot load"),
        (TWO_OUTPUTS, "", TWO),
        (REPEAT, ":channels=2", "channels is 2; expected 1 or 3"),
        (REPEAT, ":scale=0", "scale is 0; expected a whole number above 0"),
    ],
)
def test_what_makes_no_sense(tmp_path: Path, content: str, parameters: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_restorer(parse_restorer(f"{write(tmp_path, content)}{parameters}"))


def test_both_files_are_needed(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.with_suffix(".bin").unlink()
    message = r"repeat\.bin does not exist; a network is NAME\.param and NAME\.bin"
    with pytest.raises(InputError, match=message):
        build_restorer(parse_restorer(str(path)))


def test_a_path_that_is_no_utf8(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    with pytest.raises(InputError, match=r"its path is no UTF-8; rename it"):
        build_restorer(parse_restorer(str(write(folder))))
