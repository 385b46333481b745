"""Scores one restored image with every metric; runs in worker processes that never load a restorer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.plugins import metrics
from harness.protocols import Evaluation, Metric
from harness.results import Cell, Failure, FailureKind, Score
from harness.scoring.evaluation import prepare
from harness.storage.provenance import source_hash
from harness.storage.samples import load_array


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


_built: dict[tuple[str, str], Metric] = {}


def build_metric(name: str, device: str) -> Metric:
    """Builds a metric once a process."""
    key = (name, device)
    if key not in _built:
        _built[key] = metrics.get(name)(device=device)  # type: ignore[call-arg]  # constructors are no part of a protocol
    return _built[key]


def score_cell(task: ScoreTask) -> Scored:
    """Scores one image; one metric's failure does not touch the others."""
    scores, failures = [], []
    for name in task.metrics:
        try:
            score = _score(name, task)
        except Exception as error:
            message = (
                str(error)
                if isinstance(error, HarnessError)
                else f"{type(error).__name__}: {error}"
            )
            failures.append(Failure(task.cell, FailureKind.METRIC, message[:2000], name))
        else:
            scores.append(score)
    return Scored(tuple(scores), tuple(failures))


def _score(name: str, task: ScoreTask) -> Score:
    metric = build_metric(name, task.device)
    restored = load_array(task.restored)
    reference = load_array(task.reference) if task.reference is not None else None
    value = metric(*prepare(restored, reference, metric.card, task.evaluation, task.scale))
    if math.isnan(value.value):
        raise HarnessError(f"{name} returned NaN")
    return Score(task.cell, name, float(value.value), value.spread)


def metric_fingerprint(name: str, device: str) -> str:
    """What a score depends on besides the images: the metric's distribution, source, and kind of device."""
    return f"{metrics.origin(name).distribution}:{source_hash(metrics.get(name).__module__)}:{device.partition(':')[0]}"
