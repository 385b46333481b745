"""A command as a restorer: what it is told, and every way in which it can go wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from harness.errors import InputError, RestorationError
from harness.images import quantise
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions, Restorer
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer

TOOL = """
import sys
from PIL import Image
source, target, *rest = sys.argv[1:]
image = Image.open(source)
if rest == ["fail"]:
    sys.exit("no such model")
if rest == ["nothing"]:
    sys.exit()
if rest:
    image = image.resize([side * int(rest[0]) for side in image.size], Image.NEAREST)
image.save(target)
"""


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    path = tmp_path / "a tool; touch owned" / "enlarge.py"
    path.parent.mkdir()
    path.write_text(TOOL)
    return path


def build(tool: Path, rest: str = "") -> Restorer:
    return build_restorer(
        parse_restorer(f"cmd:{sys.executable} '{tool}' {{input}} {{output}} {rest}")
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_files_go_in_and_out(tool: Path, generator: np.random.Generator, channels: int) -> None:
    image = generator.random((channels, 13, 17), dtype=np.float32)
    restorer = build(tool)
    assert (restorer.card.name, restorer.card.scales) == ("enlarge", (1,))
    assert np.array_equal(restore_image(restorer, image, Conditions()), quantise(image))
    assert not list(tool.parents[1].glob("owned")), "no shell has seen the name"


def test_names_are_of_the_folder_it_was_given_in(
    tool: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, generator: np.random.Generator
) -> None:
    monkeypatch.chdir(tool.parent)
    restorer = build_restorer(
        parse_restorer(f"cmd:{sys.executable} {tool.name} {{input}} {{output}}")
    )
    monkeypatch.chdir(tmp_path)
    image = quantise(generator.random((3, 5, 7), dtype=np.float32))
    assert np.array_equal(restore_image(restorer, image, Conditions()), image)


def test_it_is_told_what_it_asks_for(tool: Path, generator: np.random.Generator) -> None:
    image = quantise(generator.random((3, 5, 7), dtype=np.float32))
    restored = restore_image(build(tool, "{scale}"), image, Conditions(scale=3))
    assert np.array_equal(restored, image.repeat(3, 1).repeat(3, 2))
    assert build(tool, "{sigma_255}").card.conditions == ("sigma_255",)


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("fail", "enlarge ended with code 1: no such model"),
        ("nothing", "enlarge wrote no image"),
        ("2", r"returned shape \(3, 10, 14\); expected \(3, 5, 7\)"),
    ],
)
def test_what_goes_wrong_is_typed(tool: Path, rest: str, message: str) -> None:
    with pytest.raises(RestorationError, match=message):
        restore_image(build(tool, rest), np.zeros((3, 5, 7), np.float32), Conditions())


def test_a_program_that_is_not_there() -> None:
    restorer = build_restorer(parse_restorer("cmd:no-such-program {input} {output}"))
    with pytest.raises(RestorationError, match="no-such-program cannot be started"):
        restore_image(restorer, np.zeros((3, 5, 7), np.float32), Conditions())


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("tool {input}", "lacks {input} or {output}"),
        ("tool {input} {output} {secret}", "has {secret}"),
        ("tool '{input} {output}", "cannot be read: No closing quotation"),
        ("tool {input} {output} {", "cannot be read"),
        ("", "lacks {input} or {output}"),
    ],
)
def test_a_command_that_makes_no_sense(command: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build_restorer(parse_restorer(f"cmd:{command}"))
