"""Keeps one restored image and scores it with every metric, in workers that load no restorer."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DamagedImageError
from harness.images import Image
from harness.protocols import Evaluation
from harness.results import Cell, Failure, FailureKind, MetricValue, Score
from harness.scoring.evaluation import Views, score_views
from harness.storage.images.arrays import ImageFile
from harness.storage.images.decoded import decoded
from harness.storage.images.handover import Handover


@dataclass(frozen=True, slots=True)
class ScoreTask:
    """One restored image and the metrics that have yet to see it.

    Attributes:
        restored: Pixels out of a restorer's process, to be kept; or an image that the run holds.
        stem: Where pixels are kept, without suffix.
        scored_before: Metric -> the hash of the image that it has scored: it need not see the same
            image again.
    """

    cell: Cell
    restored: Handover | ImageFile
    stem: Path
    reference: ImageFile | None
    metrics: tuple[str, ...]
    scored_before: Mapping[str, str]
    evaluation: Evaluation
    scale: int
    device: str


@dataclass(frozen=True, slots=True)
class Scored:
    """Where the image is, and what the metrics said: a score or a failure each."""

    kept: ImageFile
    scores: tuple[Score, ...]
    failures: tuple[Failure, ...]


def score_cell(task: ScoreTask) -> Scored | Failure | DamagedImageError:
    """Scores one image; one metric's failure does not touch the others.

    Returns:
        The scores; or why the image could not be kept; or which image of the harness's own has to
        be made again, before anything was scored with it.
    """
    try:
        image, kept = _restored(task)
        found = _score(task, image, kept)
    except DamagedImageError as error:
        return error
    except OSError as error:
        return Failure(task.cell, FailureKind.RAISED, f"the image cannot be kept: {error}")
    return Scored(
        kept,
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


def _restored(task: ScoreTask) -> tuple[Image, ImageFile]:
    if isinstance(task.restored, Handover):
        return task.restored.keep(task.stem)
    return task.restored.read(), task.restored


def _score(task: ScoreTask, image: Image, kept: ImageFile) -> dict[str, MetricValue | str]:
    found: dict[str, MetricValue | str] = {}
    views: Views | None = None
    wanted = [name for name in task.metrics if task.scored_before.get(name) != kept.sha256]
    for name in wanted:
        if views is None:
            reference = None if task.reference is None else decoded.read(task.reference)
            is_png = kept.path.suffix == ".png"
            views = Views(image, reference, task.evaluation, task.scale, quantised=is_png)
        found[name] = score_views(name, task.device, views)
        if name != wanted[-1] and not views.intact():  # the next metric gets the images anew
            image, views = kept.read(), None
    return found
