"""What people said of a run, and how well its metrics agree with them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetricAgainstPeople:
    """One metric held against the votes on a set, or on all sets of a task.

    Each figure is its value and the ends of its 95 % interval over images, or `None`
    (`harness.statistics.judged_pairs`).

    Attributes:
        set: The set; `None`: all sets of the task.
        pairs: Pairs of restored images with votes with a winner.
        figures: `vote_accuracy`, `pair_accuracy`, `auc_different`, `auc_better`.
        learnt: Whether the metric has learnt from these images, so that it is not judged.
    """

    set: str | None
    task: str
    metric: str
    pairs: int
    figures: Mapping[str, tuple[float, float | None, float | None] | None]
    learnt: bool = False


@dataclass(frozen=True, slots=True)
class PeoplesVotes:
    """Everything that a report shows of people's votes.

    Attributes:
        rows: Leaderboards as flat rows: those of sets, then those of tasks with several sets.
        agreement: How well observers agree, by set and task.
        observers: Every observer as a flat row, with the reasons why some are left out.
        metrics: Metrics held against people.
        notes: What does not count, and why.
    """

    rows: tuple[Mapping[str, object], ...] = ()
    agreement: tuple[Mapping[str, object], ...] = ()
    observers: tuple[Mapping[str, object], ...] = ()
    metrics: tuple[MetricAgainstPeople, ...] = ()
    notes: tuple[str, ...] = ()
