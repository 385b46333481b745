"""What is held back: scenes and sets, never an image of a scene that is learnt from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from harness.dri.lessons.config import OpinionConfig
from harness.dri.lessons.sets import OpinionSet
from harness.dri.lessons.validation import (
    agreement,
    everything,
    scene_trials,
    set_trials,
    split_trial,
)
from harness.scoring.correlation import correlations


def judge(said: object, scores: object) -> tuple[float, float]:
    found = correlations(said, scores)  # type: ignore[arg-type]
    return found["srcc"], found["plcc"]


def a_set(name: str, count: int, scenes: int = 0, **settings: object) -> OpinionSet:
    shown = torch.arange(count) % scenes if scenes else torch.full((count,), -1)
    config = OpinionConfig(name, ".", high=1, **settings)  # type: ignore[arg-type]
    paths = [__import__("pathlib").Path(f"{place}.png") for place in range(count)]
    return OpinionSet(config, paths, torch.linspace(0, 1, count), shown, torch.empty(0, 4))


SETS = [
    a_set("first", 10),
    a_set("shallow", 6, views=1),
    a_set("scenes", 12, scenes=4),
    a_set("test", 5, weight=0),
]


def test_scenes_are_held_back_whole() -> None:
    trials = scene_trials(SETS, 2)
    assert [trial.name for trial in trials] == ["scenes-scenes0", "scenes-scenes1"]
    for trial in trials:
        assert [len(images) for images in trial.images] == [10, 6, 6, 0]
        scenes = SETS[2].scenes
        learnt, held = (set(scenes[images].tolist()) for images in (trial.images[2], trial.held))
        assert learnt.isdisjoint(held)
        assert len(held) == 2
    assert sorted(trials[0].held + trials[1].held) == list(range(12))


def test_sets_that_are_learnt_from_are_held_back_whole() -> None:
    trials = set_trials(SETS)
    names = ["without-first", "without-shallow", "without-scenes", "judged-test"]
    assert [trial.name for trial in trials] == names
    assert [len(images) for images in trials[0].images] == [0, 6, 12, 0]
    assert len(trials[0].held) == 10
    assert set_trials(SETS[:1]) == []


def test_a_split_is_of_the_first_set_and_the_others_are_learnt_from() -> None:
    trial = split_trial(SETS, 3)
    assert [len(images) for images in trial.images] == [8, 6, 12, 0]
    assert sorted(trial.images[0] + trial.held) == list(range(10))
    assert trial.held == np.random.default_rng(3).permutation(10)[8:].tolist()
    assert [len(images) for images in everything(SETS)] == [10, 6, 12, 0]


def test_a_split_of_a_set_with_scenes_is_by_scenes() -> None:
    trial = split_trial([a_set("scenes", 12, scenes=4), SETS[0]], 0)
    shown = torch.arange(12) % 4
    assert sorted(trial.images[0] + trial.held) == list(range(12))
    assert set(shown[trial.images[0]].tolist()).isdisjoint(shown[trial.held].tolist())
    assert len(trial.held) == 3
    assert len(trial.images[1]) == 10


def test_copies_of_what_is_held_back_are_learnt_from_in_no_set() -> None:
    scored = replace(a_set("scored", 4, scenes=2), keys=["a", "b", "c", "d"])
    voted = replace(a_set("voted", 5), keys=["x", "b", "d", "y", "z"])
    for trial in scene_trials([scored, voted], 2):
        held = {scored.keys[image] for image in trial.held}
        learnt = {voted.keys[image] for image in trial.images[1]}
        assert learnt == {*voted.keys} - held
        assert len(held) == 2
    assert [trial.images[1] for trial in set_trials([scored, voted])] == [[0, 3, 4], []]
    judging = replace(a_set("judging", 1, weight=0), keys=["b"])
    *_, trial = set_trials([scored, voted, judging])
    assert trial.images == [[0, 2, 3], [0, 2, 3, 4], []]
    everything_again = replace(a_set("again", 4, weight=0), keys=scored.keys)
    assert set_trials([scored, everything_again]) == [], "nothing would be left to learn from"


def test_a_copy_in_the_same_set_is_on_the_same_side_of_a_split() -> None:
    doubled = replace(a_set("doubled", 10), keys=list("abcdeabcde"))
    for split in range(5):
        trial = split_trial([doubled], split)
        learnt, held = ({doubled.keys[n] for n in part} for part in (trial.images[0], trial.held))
        assert learnt
        assert learnt.isdisjoint(held)


def test_what_was_learnt_from_before_judges_nobody() -> None:
    assert [trial.judged for trial in set_trials(SETS, {0, 2})] == [1, 3]
    assert scene_trials(SETS, 2, {0, 2}) == []
    assert [trial.judged for trial in set_trials(SETS, {0, 1, 2, 3})] == []
    assert scene_trials([a_set("one", 4, scenes=1)], 2) == [], "nothing would be left to learn from"


def test_agreement_within_scenes_knows_nothing_of_what_lies_between_them() -> None:
    opinions = SETS[2]
    said = opinions.scores - 2 * opinions.scenes  # right within each scene, wrong between them
    found = agreement(said.tolist(), opinions, range(12), judge)
    assert found["within"] == pytest.approx(1)
    assert found["srcc"] < 0.5
    assert np.isnan(agreement(SETS[0].scores.tolist(), SETS[0], range(10), judge)["within"])


def test_agreement_with_votes_counts_pairs_without_a_tie() -> None:
    votes = torch.tensor([[0.0, 1, 3, 1], [1, 2, 0, 4], [0, 2, 2, 2], [2, 3, 1, 0]])
    opinions = OpinionSet(
        OpinionConfig("votes", "."), [], torch.full((4,), torch.nan), torch.zeros(4), votes
    )
    # 0 > 1 is right, 1 > 2 is wrong, the tie does not count, 3 is not judged by
    assert agreement([0.9, 0.5, 0.1], opinions, [0, 1, 2], judge) == {"pairs": 0.5}
