"""The course of a cell: its sample, the restoration, the scores.

What lies damaged on disk is made again, and nothing is scored with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Hashable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from harness.errors import DamagedImageError
from harness.protocols import DegradedSet
from harness.restoring.hiding import lend
from harness.restoring.in_worker import Restoration, RestoreTask, restore_cell, restore_cells
from harness.restoring.operations import Shape
from harness.results import Cell, Failure, FailureKind, Restored, Spent
from harness.running.batches import AtWork, Batches, Waiting, done
from harness.running.header import Place
from harness.running.plan import Plan, PlannedRestorer
from harness.running.pools import Pools
from harness.running.progress import Progress
from harness.running.samples import CellError, Samples
from harness.running.schedule import Course, Kind, Work
from harness.scoring.in_worker import Scored, ScoreTask, score_cell, score_cells
from harness.storage.images.arrays import ImageFile
from harness.storage.images.handover import Handover
from harness.storage.images.samples import StoredSample
from harness.storage.places import MANY, restored_stem
from harness.storage.store import Store
from harness.workers.pool import Trouble

KEPT_AT_ONCE_SECONDS = 2.0
"""A killed run has to restore no image again that took longer, whatever its metrics take."""

ATTEMPTS = 3
"""How often a cell is tried whose images are damaged each time they are read."""


@dataclass(slots=True)
class Cells:
    """The courses of all cells of a plan.

    Args:
        plan: What to do.
        store: Gets the rows.
        pools: Do the work.
        samples: The degraded images and references.
        timeout: Seconds that one restoration, or all metrics of a cell, may take.
        progress: Told of every cell.
        place: The machine.
        batch: Cells that may be restored or scored together.

    Attributes:
        restored: Images that restorers made.
        scored: Images that metrics saw.
        waits: Whether the last restoration left this machine's processors to others.
        restoring: Cells whose restorer is at work.
        counted: Restorer and scale -> the operations that its workers have counted.
        noted: What was said of damaged images.
    """

    plan: Plan
    store: Store
    pools: Pools
    samples: Samples
    timeout: float
    progress: Progress
    place: Place
    batch: int = 1
    restored: int = 0
    scored: int = 0
    waits: bool = False
    numbers: Iterator[int] = field(default_factory=count)
    counted: defaultdict[tuple[str, int], dict[Shape, int | None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    noted: set[str] = field(default_factory=set)
    batches: Batches = field(init=False)
    restoring: AtWork = field(init=False)

    def __post_init__(self) -> None:
        self.batches = Batches(self.batch, self.plan.metrics, self.progress.note)
        self.restoring = AtWork(self.pools.workers)

    def courses(self) -> Iterator[Course]:
        """Restorers one after the other, each in its own processes; then sets that none restores.

        These belong to the plan all the same: their fingerprints are of their pixels.
        """
        covered: set[str] = set()
        for restorer in self.plan.restorers:
            covered |= restorer.sets
            for degraded_set in self.plan.sets:
                if degraded_set.name in restorer.sets:
                    for image in self.plan.ids[degraded_set.name]:
                        yield _Course(self, restorer, degraded_set, image).follow()
        for degraded_set in self.plan.sets:
            if degraded_set.name not in covered:
                for image in self.plan.ids[degraded_set.name]:
                    yield self._sample_alone(degraded_set, image)

    def _sample_alone(self, degraded_set: DegradedSet, image: str) -> Course:
        yield from self.samples.get(degraded_set, image)
        self.samples.forget_fresh(degraded_set.name, image)


class _Course(Waiting):
    """One cell on its way."""

    def __init__(
        self, cells: Cells, restorer: PlannedRestorer, degraded_set: DegradedSet, image: str
    ) -> None:
        super().__init__(cells.timeout)
        self.all, self.restorer, self.degraded_set = cells, restorer, degraded_set
        self.cell = Cell(restorer.name, degraded_set.name, image)
        self.handed_over = False
        self.handover = Path(f"{cells.samples.handover}/{next(cells.numbers)}.npy")
        self.lent: dict[Path, Path] = {}

    def follow(self) -> Course:
        """Restores and scores what is missing of the cell."""
        try:
            yield from self._attempts()
        except CellError as error:
            failure = Failure(self.cell, error.kind, str(error))
            self.all.store.add_failure(failure)
            self.all.progress.advance(self.cell, f"failed: {failure.message}")
        finally:
            if self.handed_over:
                for path in (self.handover, *self.lent):
                    path.unlink(missing_ok=True)
            self.all.samples.forget_fresh(self.cell.set, self.cell.image)
            self.all.pools.done_with(self.restorer.name)

    def _attempts(self) -> Course:
        sample = yield from self._sample()
        known = self.all.store.find_restored(self.cell)
        for _ in range(ATTEMPTS):
            depends_on = self.restorer.fingerprint, sample.degraded.sha256
            if known is not None and (known.fingerprint, known.degraded_sha256) != depends_on:
                known = None
            try:
                yield from self._attempt(sample, known)
                return
            except DamagedImageError as error:
                if str(error) not in self.all.noted:  # several workers may have found it
                    self.all.noted.add(str(error))
                    self.all.progress.note(f"{error}: made again")
                sample = replace(sample, fresh=None)
                if any(error.path == file.path for file in sample.files()):
                    sample = yield from self._sample(damaged=True)
                else:
                    known = None
        message = f"its images were damaged {ATTEMPTS} times while they were in use"
        raise CellError(FailureKind.SAMPLE, message)

    def _sample(self, *, damaged: bool = False) -> Generator[Work, Any, StoredSample]:
        samples, image = self.all.samples, self.cell.image
        sample = yield from samples.get(self.degraded_set, image, damaged=damaged)
        if sample is None:
            raise CellError(FailureKind.SAMPLE, samples.lost[self.cell.set, image])
        return sample

    def _attempt(self, sample: StoredSample, known: Restored | None) -> Course:
        metrics, scored_before = self._metrics(sample), self._scored_before()
        of: Restored | Spent
        restored: Handover | ImageFile
        if known is None:
            of, restored = yield from self._new_image(sample)
        else:
            of = known
            path = self.all.store.folder / known.path
            restored = ImageFile(path, known.sha256, known.checksum)
            metrics = tuple(m for m in metrics if scored_before.get(m) != known.sha256)
            if not metrics:
                self.all.progress.advance(self.cell, "reused")
                return
        scored = yield from self._score(sample, restored, metrics, scored_before)
        image = of if isinstance(of, Restored) else self._row(sample, scored.kept, of)
        self._record(image, scored)

    def _record(self, image: Restored, scored: Scored) -> None:
        self.all.scored += bool(scored.scores or scored.failures)
        results = scored.scores, scored.failures, self.all.plan.metric_fingerprints
        self.all.store.add_scores(*results, image)
        failed = ", ".join(failure.metric or "" for failure in scored.failures)
        self.all.progress.advance(self.cell, f"failed: {failed}" if failed else "done")

    def _new_image(
        self, sample: StoredSample
    ) -> Generator[Work, Any, tuple[Restored | Spent, Handover | ImageFile]]:
        """Restores; what took long is kept at once, before metrics take their time."""
        restoration = yield from self._restore(sample)
        self.all.restored += 1
        if restoration.spent.seconds * restoration.spent.batch < KEPT_AT_ONCE_SECONDS:
            return restoration.spent, restoration.pixels
        kept = (yield from self._score(sample, restoration.pixels, (), {})).kept
        image = self._row(sample, kept, restoration.spent)
        self.all.store.add_restored(image)
        return image, kept

    def _row(self, sample: StoredSample, kept: ImageFile, spent: Spent) -> Restored:
        path = str(kept.path.relative_to(self.all.store.folder))
        depends_on = self.restorer.fingerprint, sample.degraded.sha256
        return Restored(self.cell, path, kept.sha256, spent, *depends_on, kept.checksum)

    def _metrics(self, sample: StoredSample) -> tuple[str, ...]:
        """Those that can see the cell."""
        cards = self.all.plan.metrics.items()
        known = sample.reference is not None
        return tuple(name for name, card in cards if known or not card.needs_reference)

    def _scored_before(self) -> dict[str, str]:
        """Metric -> the hash of the image that it scored before, as it would now."""
        wanted = self.all.plan.metric_fingerprints
        present = self.all.store.score_keys(self.cell)
        return {name: key[1] for name, key in present.items() if key[0] == wanted.get(name)}

    def _restore(self, sample: StoredSample) -> Generator[Work, Any, Restoration]:
        self.handed_over, name = True, self.restorer.name
        known = replace(sample.conditions, set_name=self.cell.set, sample_id=self.cell.image)
        self.task = RestoreTask(
            spec=self.restorer.spec,
            device=self.all.plan.device,
            degraded=lend(sample.degraded, self.handover, self.lent),
            conditions=known,
            mask=sample.mask and lend(sample.mask, self.handover, self.lent),
            fresh=sample.fresh,
            handover=self.handover,
            quantise=self.all.plan.benchmark.evaluation.quantise,
            counted=dict(self.all.counted[name, known.scale]),
            timeout=self.all.timeout,
        )
        found: Restoration | Trouble | DamagedImageError
        self.batch = self.all.batches.to_restore(name, sample)
        found = yield Work(Kind.RESTORE, self._start, name, self.batch, self)
        self.all.restoring.end(self.first)
        if self.all.batches.failed(name, self.together, found):
            found = yield Work(Kind.RESTORE, self._start, name)
            self.all.restoring.end(self)
        if isinstance(found, DamagedImageError):
            raise DamagedImageError(str(found), self.lent.get(found.path, found.path))
        if isinstance(found, Trouble):
            raise CellError(found.kind, found.message)
        self.all.counted[name, self.task.conditions.scale].update(found.counted)
        self.all.waits = found.busy < 0.5
        return replace(found, spent=self.all.place.mark(found.spent, self.first.beside))

    def _start(self, *batch: Waiting) -> Future[Any]:
        name = self.restorer.name
        batched = bool(batch) and self.batch is not None
        if (known := self.all.batches.known(name, batched)) is not None:
            return done(known)
        self.all.restoring.begin(self)
        return self.submit(self.all.pools.of(name), (restore_cell, restore_cells), batch)

    def _score(
        self,
        sample: StoredSample,
        restored: Handover | ImageFile,
        metrics: tuple[str, ...],
        scored_before: Mapping[str, str],
    ) -> Generator[Work, Any, Scored]:
        evaluation, scale = self.all.plan.benchmark.evaluation, sample.conditions.scale
        reference, device = sample.reference, self.all.plan.device
        name, plan = self.cell.set, self.all.plan
        many = name in plan.many or len(plan.ids[name]) > MANY
        stem = restored_stem(self.cell, many=many)
        images = restored, self.all.store.folder / stem, reference
        task = ScoreTask(self.cell, *images, metrics, scored_before, evaluation, scale, device)
        found: Scored | Failure | Trouble | DamagedImageError
        found = yield self._scoring(task, self.all.batches.to_score(sample, metrics))
        if isinstance(found, Trouble) and self.together > 1:
            found = yield self._scoring(task)
        if isinstance(found, Trouble) and metrics:
            # the metrics ended their worker: the image is kept without them
            why, (kind, message) = found, (FailureKind.METRIC, found.message)
            found = yield self._scoring(replace(task, metrics=()))
            if isinstance(found, Scored):
                failures = tuple(Failure(self.cell, kind, message, name) for name in metrics)
                found = replace(found, failures=failures)
            else:
                found = why
        if isinstance(found, DamagedImageError):
            raise found
        if isinstance(found, Trouble | Failure):
            raise CellError(found.kind, found.message)
        return found

    def _scoring(self, task: ScoreTask, batch: Hashable = None) -> Work:
        self.task, self.batch = task, batch
        return Work(Kind.SCORE, self._start_scoring, "", batch, self)

    def _start_scoring(self, *batch: Waiting) -> Future[Any]:
        return self.submit(self.all.pools.trusted(), (score_cell, score_cells), batch)
