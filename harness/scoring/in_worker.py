"""Scores one restored image with every metric; runs in workers that never load a restorer."""

from dataclasses import dataclass
from pathlib import Path

from harness.errors import ImageError
from harness.protocols import Evaluation
from harness.results import Cell, Failure, FailureKind, MetricValue, Score
from harness.scoring.evaluation import score_image
from harness.storage.arrays import load_array


@dataclass(frozen=True, slots=True)
class ScoreTask:
    """One restored image and the metrics that have yet to see it."""

    cell: Cell
    restored: Path
    reference: Path | None
    metrics: tuple[str, ...]
    evaluation: Evaluation
    scale: int
    device: str


@dataclass(frozen=True, slots=True)
class Scored:
    """What the metrics said: a score or a failure each."""

    scores: tuple[Score, ...]
    failures: tuple[Failure, ...]


def score_cell(task: ScoreTask) -> Scored:
    """Scores one image; one metric's failure does not touch the others."""
    found: dict[str, MetricValue | str]
    try:
        pair = load_array(task.restored), load_array(task.reference) if task.reference else None
    except ImageError as error:
        found = dict.fromkeys(task.metrics, str(error))
    else:
        found = {
            name: score_image(name, task.device, *pair, task.evaluation, task.scale)
            for name in task.metrics
        }
    return Scored(
        tuple(
            Score(task.cell, name, value.value, value.spread)
            for name, value in found.items()
            if isinstance(value, MetricValue)
        ),
        tuple(
            Failure(task.cell, FailureKind.METRIC, why, name)
            for name, why in found.items()
            if isinstance(why, str)
        ),
    )
