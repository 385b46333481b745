"""Votes as arrays: what a panel of observers said of the restorers on a set or a task."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.people.study import Study
from harness.people.votes_file import Ballot
from harness.statistics.paired_comparisons import Comparisons, Ints

SHARE = {"left": 1.0, "right": 0.0, "tie": 0.5}


@dataclass(frozen=True, slots=True)
class Answer:
    """One vote on a pair, with the names of what was compared.

    Attributes:
        better: Share of the win that goes to `one`: 1, 0 or 0.5.
    """

    observer: str
    set: str
    image: str
    one: str
    other: str
    better: float


@dataclass(frozen=True, slots=True)
class Panel:
    """The votes on one set, or on all sets of a task.

    Attributes:
        set: The set; `None`: all sets of the task.
        restorers: Those that are connected by votes, sorted.
        observers: Sorted.
        images: (set, image), sorted.
        comparisons: The votes.
        left_out: Restorers that no vote connects with the others.
    """

    set: str | None
    task: str
    restorers: tuple[str, ...]
    observers: tuple[str, ...]
    images: tuple[tuple[str, str], ...]
    comparisons: Comparisons
    left_out: tuple[str, ...] = ()

    def units(self) -> Ints:
        """(votes,): which pair of restorers on which image each is of, from 0."""
        votes, count = self.comparisons, len(self.restorers)
        low, high = np.minimum(votes.one, votes.other), np.maximum(votes.one, votes.other)
        pairs = (votes.image * count + low) * count + high
        return np.unique(pairs, return_inverse=True)[1].astype(np.int64)


def answers(ballots: Iterable[Ballot], studies: Mapping[str, Study]) -> list[Answer]:
    """The votes that count: of pairs, and not of checks."""
    found = []
    for ballot in ballots:
        study = studies[ballot.study]
        for vote in ballot.votes:
            trial = study.trial(vote.trial)[2]
            if trial.kind == "pair":
                found.append(
                    Answer(
                        f"{ballot.study}/{ballot.observer}",
                        trial.set,
                        trial.image,
                        trial.left,
                        trial.right,
                        SHARE[vote.choice],
                    )
                )
    return found


def make_panels(found: Sequence[Answer], tasks: Mapping[str, str]) -> list[Panel]:
    """The panels of each set, and of each task that has several.

    Args:
        found: Votes.
        tasks: Set -> its task, in the plan's order.
    """
    sets = [name for name in tasks if any(answer.set == name for answer in found)]
    panels = [
        _panel([answer for answer in found if answer.set == name], name, tasks[name])
        for name in sets
    ]
    for task in dict.fromkeys(tasks[name] for name in sets):
        members = {name for name in sets if tasks[name] == task}
        if len(members) > 1:
            panels.append(_panel([a for a in found if a.set in members], None, task))
    return panels


def _panel(found: Sequence[Answer], name: str | None, task: str) -> Panel:
    connected, apart = _connected(found)
    kept = [answer for answer in found if answer.one in connected]
    restorers, observers = tuple(sorted(connected)), tuple(sorted({a.observer for a in kept}))
    images = tuple(sorted({(answer.set, answer.image) for answer in kept}))
    columns = (
        _numbers([answer.observer for answer in kept], observers),
        _numbers([(answer.set, answer.image) for answer in kept], images),
        _numbers([answer.one for answer in kept], restorers),
        _numbers([answer.other for answer in kept], restorers),
    )
    share = np.array([answer.better for answer in kept], dtype=np.float64)
    votes = Comparisons(*columns, share, len(restorers))
    return Panel(name, task, restorers, observers, images, votes, tuple(sorted(apart)))


def _numbers(values: Sequence[object], names: Sequence[object]) -> Ints:
    places = {name: place for place, name in enumerate(names)}
    return np.array([places[value] for value in values], dtype=np.int64)


def _connected(found: Sequence[Answer]) -> tuple[set[str], set[str]]:
    """The most restorers that comparisons connect, and the others."""
    groups: list[set[str]] = []
    for answer in found:
        pair = {answer.one, answer.other}
        touched = [group for group in groups if group & pair]
        groups = [group for group in groups if not group & pair]
        groups.append(pair.union(*touched))
    largest = max(groups, key=len, default=set())
    return largest, set().union(*groups) - largest
