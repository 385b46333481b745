"""Results that exist already: paired by name, by set, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.catalogue import find_set
from harness.errors import InputError, RestorationError
from harness.images import Image, quantise, write_image
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer
from harness.results import FailureKind
from harness.storage.store import load_run

BENCHMARK = """
metrics = ["psnr"]
evaluation = "rgb"
[[sets]]
name = "mine"
task = "super-resolve"
folder = "{folder}"
degradations = [{{ name = "imresize", scale = 2 }}]
"""
DEGRADED = np.zeros((3, 4, 5), np.float32)


def picture(seed: int) -> Image:
    return quantise(np.random.default_rng(seed).random((3, 8, 10), dtype=np.float32))


def fill(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_image(folder / name, picture(number))
    return folder


def look_up(folder: Path, id: str, set_name: str = "set5-x2", parameters: str = "") -> Image:
    restorer = build_restorer(parse_restorer(f"folder:{folder}{parameters}"))
    return restore_image(restorer, DEGRADED, Conditions(scale=2, set_name=set_name, sample_id=id))


def test_by_name_and_never_by_position(tmp_path: Path) -> None:
    names = ("woman.png", "babyx2.png", "bird_SwinIR.png", "bird_2.png/ignored.txt.png")
    folder = fill(tmp_path / "mine", *names)
    for number, id in enumerate(["woman", "baby", "bird"]):
        assert np.array_equal(look_up(folder, id), picture(number))


def test_a_folder_is_that_of_where_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "mine", "baby.png")
    monkeypatch.chdir(tmp_path)
    restorer = build_restorer(parse_restorer("folder:mine"))
    monkeypatch.chdir("/")
    conditions = Conditions(scale=2, set_name="set5-x2", sample_id="baby")
    assert np.array_equal(restore_image(restorer, DEGRADED, conditions), picture(0))


def test_a_set_has_its_own_folder(tmp_path: Path) -> None:
    folder = fill(tmp_path, "set5-x2/baby.png", "set14-x2/baby.png")
    assert np.array_equal(look_up(folder, "baby", "set14-x2"), picture(1))
    restorer = build_restorer(parse_restorer(f"folder:{folder}"))
    assert restorer.supports(find_set("set5-x2")) is None
    assert "there is no" in str(restorer.supports(find_set("set5-x4")))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["woman.png"], "has no file for baby; expected one"),
        (["baby_a.png", "baby_b.png"], r"has baby_a\.png, baby_b\.png for baby; expected one"),
        (["babylon.png", "baby2.png"], "has no file for baby"),
        (["set5-x4/baby.png"], "has no file for baby"),
    ],
)
def test_missing_and_ambiguous_names_are_typed(
    tmp_path: Path, names: list[str], message: str
) -> None:
    with pytest.raises(RestorationError, match=message):
        look_up(fill(tmp_path, *names), "baby")


def test_an_exact_name_wins_and_a_pattern_is_exact(tmp_path: Path) -> None:
    folder = fill(tmp_path, "img_1.png", "img_1_0.png", "img_1_x2_MyNet.png")
    assert np.array_equal(look_up(folder, "img_1"), picture(0))
    by_pattern = look_up(folder, "img_1", parameters=":pattern={id}_x2_MyNet.png")
    assert np.array_equal(by_pattern, picture(2))


def test_a_path_cannot_leave_the_folder(tmp_path: Path) -> None:
    fill(tmp_path, "secret.png", "mine/baby.png")
    with pytest.raises(RestorationError, match="has no file"):
        look_up(tmp_path / "mine", "../secret", "..")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("folder:/no/such/folder", "does not exist"),
        ("folder:{empty}", "holds no image"),
        ("folder:{full}:pattern=x.png", "expected a file name with {id}"),
    ],
)
def test_a_folder_that_makes_no_sense(tmp_path: Path, text: str, message: str) -> None:
    empty, full = tmp_path / "empty", fill(tmp_path / "full", "a.png")
    empty.mkdir()
    named = text.replace("{empty}", str(empty)).replace("{full}", str(full))
    with pytest.raises(InputError, match=message):
        build_restorer(parse_restorer(named))


def test_a_run_scores_them(
    tmp_path: Path, command_line: Callable[..., tuple[int, str, str]]
) -> None:
    degraded_set = find_set("photos-sigma25")
    first, second = degraded_set.ids()[:2]
    reference = degraded_set.sample(first).reference
    assert reference is not None
    (tmp_path / "paper").mkdir()
    write_image(tmp_path / "paper" / f"{first}.png", reference)
    run, own = tmp_path / "run", f"folder:{tmp_path / 'paper'}"
    few = ("--set", "photos-sigma25", "--limit", 2, "-m", "psnr")
    code, out, _ = command_line("run", "-b", "quickstart", *few, "-r", own, "--out", run)
    assert code == 3, out
    data = load_run(run)
    assert [(score.cell.image, score.value) for score in data.scores] == [(first, float("inf"))]
    failures = [(failure.cell.image, failure.kind) for failure in data.failures]
    assert failures == [(second, FailureKind.INVALID)]


def test_who_starts_a_run_is_told_which_file_is_whose(
    tmp_path: Path, command_line: Callable[..., tuple[int, str, str]]
) -> None:
    fill(tmp_path / "sharp", "baby.png", "bird.png", "head.png")
    (tmp_path / "mine.toml").write_text(BENCHMARK.format(folder=tmp_path / "sharp"))
    fill(tmp_path / "results", "baby_x2_Net.png", "Bird_x2_Net.png", "thumbs.png", "baby_y.txt.png")
    fill(tmp_path / "other", "001.png")
    arguments = ["run", "-b", tmp_path / "mine.toml", "--out", tmp_path / "run"]
    named = f"Net=folder:{tmp_path}/results:pattern={{id}}_x2_Net.png"
    code, _, error = command_line(*arguments, "-r", named, "-r", f"folder:{tmp_path}/other")
    assert code == 3, "bird and head have no file"
    assert "Net on mine: 1 of 3 images by name: baby_x2_Net.png -> baby" in error
    assert "without a file: bird (there is Bird_x2_Net.png), head (no file has a name like" in error
    assert "files of none of its images: Bird_x2_Net.png, baby_y.txt.png, thumbs.png" in error
    skipped = [skip.reason for skip in load_run(tmp_path / "run").skipped]
    assert any(
        "no file of" in why and "there is 001.png: rename them, or give pattern=" in why
        for why in skipped
    )
    assert "skipped other on mine: no file of" in error, "who was named and will be on no board"
