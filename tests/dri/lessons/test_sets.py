"""Sets of opinions: scores on a scale of their own, scenes, votes, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from harness.dri.lessons.config import OpinionConfig
from harness.dri.lessons.features import FeatureTable
from harness.dri.lessons.sets import read_opinions
from harness.dri.lessons.table import OpinionTable
from harness.errors import InputError
from harness.images import write_image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in "abcdef":
        write_image(tmp_path / f"{name}.png", np.zeros((3, 8, 8), np.float32))
    return tmp_path


def scored(folder: Path, **changes: float) -> OpinionConfig:
    lines = [
        f"{name}.png,{1 + place % 5},{'xyz'[place // 2]}" for place, name in enumerate("abcdef")
    ]
    (folder / "labels.csv").write_text("\n".join(["image,mos,group", *lines]))
    return OpinionConfig("mine", ".", **{"low": 1, "high": 5, **changes})  # type: ignore[arg-type]


def test_scores_lie_between_the_worst_and_the_best_image(folder: Path) -> None:
    opinions = read_opinions(scored(folder, noise=0.4), folder)
    assert opinions.scores.tolist() == [0, 0.25, 0.5, 0.75, 1, 0]
    assert opinions.config.relative_noise == pytest.approx(0.1)
    assert opinions.scenes.tolist() == [0, 0, 1, 1, 2, 2]
    with pytest.raises(InputError, match=r"e\.png has the score 5, outside of 1 to 4"):
        read_opinions(scored(folder, high=4), folder)


def test_a_limit_takes_images_evenly(folder: Path) -> None:
    opinions = read_opinions(scored(folder, limit=3), folder)
    assert [path.stem for path in opinions.images] == ["a", "c", "f"]


def test_no_scene_is_in_two_folds(folder: Path) -> None:
    opinions = read_opinions(scored(folder), folder)
    folds = opinions.folds(2)
    assert sorted(folds[0] + folds[1]) == list(range(6))
    scenes = [set(opinions.scenes[fold].tolist()) for fold in folds]
    assert scenes[0].isdisjoint(scenes[1])
    assert len(opinions.folds(10)) == 3, "no fold is empty"


def test_votes_are_pairs_of_images(folder: Path) -> None:
    (folder / "pairs.csv").write_text(
        "scene,a,b,votes_a,votes_b\nx,a.png,b.png,3,1\nx,b.png,c.png,0,4\n"
    )
    opinions = read_opinions(OpinionConfig("votes", "."), folder)
    assert opinions.votes.tolist() == [[0, 1, 3, 1], [1, 2, 0, 4]]
    with pytest.raises(InputError, match=r"'votes': limit = 2 is for scores; .*pairs\.csv"):
        read_opinions(OpinionConfig("votes", ".", limit=2), folder)
    assert torch.isnan(opinions.scores).all()
    assert opinions.scenes.tolist() == [0, 0, 0]


def test_scores_go_before_votes_and_a_folder_has_either(folder: Path) -> None:
    (folder / "pairs.csv").write_text("scene,a,b,votes_a,votes_b\nx,a.png,b.png,3,1\n")
    assert len(read_opinions(scored(folder), folder).votes) == 0
    (folder / "pairs.csv").unlink()
    (folder / "labels.csv").unlink()
    with pytest.raises(InputError, match=r"holds no labels\.csv"):
        read_opinions(OpinionConfig("none", "."), folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("low", 100),
        ("noise", -1),
        ("weight", -1),
        ("crop", -1),
        ("limit", -1),
        ("tile", 8),
        ("views", 3),
    ],
)
def test_a_number_out_of_range_is_named(key: str, value: float) -> None:
    with pytest.raises(InputError, match=f"'mine': {key} = {value}"):
        OpinionConfig("mine", ".", **{key: value})  # type: ignore[arg-type]


def test_of_images_in_parts_votes_are_about_the_same_part(folder: Path) -> None:
    (folder / "pairs.csv").write_text("scene,a,b,votes_a,votes_b\nx,a.png,b.png,3,1\n")
    opinions = read_opinions(OpinionConfig("votes", "."), folder)
    nothing = FeatureTable([], [], [], *(torch.empty(0) for _ in range(4)))
    table = OpinionTable(opinions, nothing, torch.tensor([0, 0, 0, 1, 1, 1]))
    drawn = {
        tuple(table.pairs(torch.tensor([0]), torch.Generator().manual_seed(seed)).tolist())
        for seed in range(30)
    }
    assert drawn == {(0, 3), (1, 4), (2, 5)}


def test_equal_files_are_known_in_another_set(folder: Path) -> None:
    opinions = read_opinions(scored(folder), folder)
    (folder / "other").mkdir()
    write_image(folder / "other" / "copy.png", np.ones((3, 8, 8), np.float32))
    (folder / "other" / "labels.csv").write_text("image,mos\ncopy.png,3\n")
    other = read_opinions(OpinionConfig("other", "other"), folder)
    assert opinions.copies_of(other.keys) == []
    write_image(folder / "c.png", np.ones((3, 8, 8), np.float32))
    assert read_opinions(scored(folder), folder).copies_of(other.keys) == [2]
