"""Keeps one restored image and scores it with every metric, in workers that load no restorer."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import DamagedImageError
from harness.images import Image
from harness.protocols import Evaluation
from harness.results import Cell, Failure, FailureKind, MetricValue, Score
from harness.scoring.evaluation import Views, score_batch, score_views
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


Outcome = Scored | Failure | DamagedImageError


def score_cell(task: ScoreTask) -> Outcome:
    """Scores one image; one metric's failure does not touch the others.

    Returns:
        The scores; or why the image could not be kept; or which image of the harness's own has to
        be made again, before anything was scored with it.
    """
    return score_cells([task])[0]


def score_cells(tasks: Sequence[ScoreTask]) -> list[Outcome]:
    """As `score_cell`, images of one size, which metrics that take batches see together."""
    opened = [_open(task) for task in tasks]
    several = [one for one in opened if isinstance(one, _Opened)]
    for name in tasks[0].metrics if len(several) > 1 else ():
        _score_together(name, [one for one in several if name in one.wanted()])
    return [_score(one) if isinstance(one, _Opened) else one for one in opened]


@dataclass(slots=True)
class _Opened:
    """An image that metrics are about to see, and what they have said of it."""

    task: ScoreTask
    image: Image
    kept: ImageFile
    views: Views | None = None
    found: dict[str, MetricValue | str] = field(default_factory=dict)

    def wanted(self) -> list[str]:
        """The metrics that have yet to see it."""
        before, seen = self.task.scored_before, self.kept.sha256
        return [m for m in self.task.metrics if m not in self.found and before.get(m) != seen]

    def look(self) -> Views:
        """What metrics see of it."""
        if self.views is None:
            task, is_png = self.task, self.kept.path.suffix == ".png"
            reference = None if task.reference is None else decoded.read(task.reference)
            images = self.image, reference, task.evaluation, task.scale
            self.views = Views(*images, quantised=is_png)
        return self.views


def _open(task: ScoreTask) -> _Opened | Failure | DamagedImageError:
    try:
        if isinstance(task.restored, Handover):
            return _Opened(task, *task.restored.keep(task.stem))
        return _Opened(task, task.restored.read(), task.restored)
    except DamagedImageError as error:
        return error
    except OSError as error:
        return Failure(task.cell, FailureKind.RAISED, f"the image cannot be kept: {error}")


def _score_together(name: str, opened: Sequence[_Opened]) -> None:
    if len(opened) < 2:
        return
    with suppress(DamagedImageError):  # whoever scores it alone says so
        values = score_batch(name, opened[0].task.device, [one.look() for one in opened])
        for one, value in zip(opened, values, strict=False):  # there may be none
            one.found[name] = value


def _score(opened: _Opened) -> Scored | Failure | DamagedImageError:
    task, kept, found = opened.task, opened.kept, opened.found
    try:
        while wanted := opened.wanted():
            found[wanted[0]] = score_views(wanted[0], task.device, opened.look())
            if wanted[1:] and not opened.look().intact():  # the next metric gets the images anew
                opened.image, opened.views = kept.read(), None
    except DamagedImageError as error:
        return error
    except OSError as error:
        return Failure(task.cell, FailureKind.RAISED, f"the image cannot be kept: {error}")
    values = {name: found[name] for name in task.metrics if name in found}
    return Scored(
        kept,
        tuple(
            Score(task.cell, name, value.value, value.spread)
            for name, value in values.items()
            if isinstance(value, MetricValue)
        ),
        tuple(
            Failure(task.cell, FailureKind.METRIC, why, name)
            for name, why in values.items()
            if isinstance(why, str)
        ),
    )
