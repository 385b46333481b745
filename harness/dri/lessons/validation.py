"""How well a scorer agrees with people about scenes and sets that it has not learnt from."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from harness.dri.lessons.sets import OpinionSet

Judge = Callable[[Sequence[float], Sequence[float]], tuple[float, float]]
"""SRCC and PLCC of predictions with scores."""

FEWEST = 3
"""Images of a scene, to speak of their order."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is learnt from, and what is judged by.

    Attributes:
        name: Of the trial.
        images: Of each set, those to learn from.
        judged: Index of the set that is judged by.
        held: Its images that are judged by; none of their scenes is learnt from, nor a copy of
            theirs, in whatever set.
        part_of: Name of the whole that trials are folds of; empty: of none.
    """

    name: str
    images: list[list[int]]
    judged: int
    held: list[int]
    part_of: str = ""


def scene_trials(
    sets: Sequence[OpinionSet], folds: int, known: Collection[int] = ()
) -> list[Trial]:
    """Each set that has scenes, by folds of its scenes.

    Args:
        sets: All of them.
        folds: Parts of the scenes of a set.
        known: Places of sets that were learnt from before: they judge nobody.
    """
    trials = [
        Trial(
            f"{opinions.config.name}-scenes{number}",
            _learnt(sets, place, held),
            place,
            held,
            f"{opinions.config.name}, all scenes",
        )
        for place, opinions in enumerate(sets)
        if opinions.has_scenes and opinions.config.weight and place not in known
        for number, held in enumerate(opinions.folds(folds))
    ]
    return [trial for trial in trials if any(trial.images)]


def set_trials(sets: Sequence[OpinionSet], known: Collection[int] = ()) -> list[Trial]:
    """Each set as a whole: one that is learnt from is left out, another only judges.

    Args:
        sets: All of them.
        known: Places of sets that were learnt from before: they judge nobody.
    """
    trials = []
    for place, opinions in enumerate(sets):
        held, what = list(range(len(opinions.images))), opinions.config
        name = f"{'without' if what.weight else 'judged'}-{what.name}"
        trials.append(Trial(name, _learnt(sets, place, held), place, held))
    return [trial for trial in trials if trial.judged not in known and any(trial.images)]


def split_trial(sets: Sequence[OpinionSet], split: int, share: float = 0.8) -> Trial:
    """A random split of the first set, by images; by scenes where several images show one."""
    first, generator = sets[0], np.random.default_rng(split)
    if first.has_scenes:
        alone = -1 - torch.arange(len(first.images))  # of its own
        scenes = torch.where(first.scenes < 0, alone, first.scenes).numpy()
        drawn = generator.permutation(np.unique(scenes))
        held = np.flatnonzero(np.isin(scenes, drawn[round(share * len(drawn)) :])).tolist()
        return Trial(f"split{split}", _learnt(sets, 0, held), 0, held)
    order = generator.permutation(len(first.images)).tolist()
    cut = round(share * len(order))
    own, *others = _learnt(sets, 0, order[cut:])
    images = [[image for image in order[:cut] if image in own], *others]
    return Trial(f"split{split}", images, 0, order[cut:])


def everything(sets: Sequence[OpinionSet]) -> list[list[int]]:
    """All that may be learnt from."""
    return [_without(item, []) for item in sets]


def _learnt(sets: Sequence[OpinionSet], place: int, held: Sequence[int]) -> list[list[int]]:
    """Of each set what is learnt from while images of one, and their copies, are held back."""
    keys = [sets[place].keys[image] for image in held] if sets[place].keys else []
    return [
        _without(item, [*(held if number == place else ()), *item.copies_of(keys)])
        for number, item in enumerate(sets)
    ]


def agreement(
    said: Sequence[float], opinions: OpinionSet, images: Sequence[int], judge: Judge
) -> dict[str, float]:
    """How well scores of images agree with people.

    Args:
        said: Scores of the images.
        opinions: What people said.
        images: Which images of the set.
        judge: SRCC and PLCC.

    Returns:
        `srcc` and `plcc` over all, and `within`, the mean SRCC within a scene, NaN without scenes;
        of votes only `pairs`, the share of pairs without a tie in which people's favourite scores
        higher.
    """
    predicted = torch.tensor(said)
    if len(opinions.votes):
        return {"pairs": _pairs_right(predicted, opinions.votes, images)}
    scores, scenes = opinions.scores[list(images)], opinions.scenes[list(images)]
    srcc, plcc = judge(said, scores.tolist())
    within = [
        judge(predicted[scenes == scene].tolist(), scores[scenes == scene].tolist())[0]
        for scene in torch.unique(scenes[scenes >= 0])
        if int((scenes == scene).sum()) >= FEWEST
    ]
    return {"srcc": srcc, "plcc": plcc, "within": float(np.mean(within)) if within else np.nan}


def _pairs_right(said: Tensor, votes: Tensor, images: Sequence[int]) -> float:
    place = {image: index for index, image in enumerate(images)}
    right = [
        float((said[place[int(a)]] - said[place[int(b)]]) * (for_a - for_b) > 0)
        for a, b, for_a, for_b in votes
        if for_a != for_b and int(a) in place and int(b) in place
    ]
    return float(np.mean(right)) if right else np.nan


def _without(opinions: OpinionSet, held: Sequence[int]) -> list[int]:
    """Images to learn from but those held back; none of a set that is only judged by."""
    if opinions.config.weight == 0:
        return []
    kept = set(held)
    return [image for image in range(len(opinions.images)) if image not in kept]
