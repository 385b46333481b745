"""Runs a plan: degrade -> restore -> score -> store.

A cell at a time, overlapped, resumable at any moment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.errors import describe_error
from harness.protocols import DegradedSet
from harness.restoring.in_worker import Restoration, RestoreTask, restore_cell
from harness.results import Cell, Failure, FailureKind, Restored
from harness.running.header import begin_run, finish_run
from harness.running.plan import Plan, PlannedRestorer
from harness.running.resuming import why_again
from harness.scoring.in_worker import Scored, ScoreTask, score_cell
from harness.storage.places import restored_stem
from harness.storage.samples import StoredSample, materialise
from harness.storage.store import Store
from harness.workers.pool import Trouble, WorkerPool, free_mib, outcome


class Progress:
    """Who is told how far a run is; here nobody, for others to inherit."""

    def start(self, total: int) -> None:
        """The run holds so many cells, those that are done already included."""

    def note(self, text: str) -> None:
        """Something that a reader of the log would ask about."""

    def advance(self, cell: Cell, note: str) -> None:
        """A cell is done: `reused`, `done`, or what failed."""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What one start of a run did.

    Attributes:
        restored: Images that restorers made this time.
        scored: Images that metrics saw this time.
        failures: Failure rows that the run holds now.
    """

    restored: int
    scored: int
    failures: int


def run_plan(
    plan: Plan,
    folder: Path,
    *,
    workers: int = 2,
    timeout: float = 600.0,
    memory_mib: int | None = None,
    progress: Progress | None = None,
) -> RunSummary:
    """Runs what is missing of a plan.

    Args:
        plan: What to do.
        folder: The run folder; one that holds a run of the same plan is resumed.
        workers: Cells at work at the same time, restoring and scoring counted together.
        timeout: Seconds that one restoration may take.
        memory_mib: What one restoring worker may take; `None`: its share of what is free.
        progress: Told of every cell.

    Raises:
        StoreError: The folder holds a run of another plan.
    """
    # a GPU's driver maps more than it takes, and its memory is limited by itself
    limit = (memory_mib or free_mib() // workers) if plan.device == "cpu" else None
    with (
        Store(folder, create=True) as store,
        _Pools(workers, limit, WorkerPool(workers)) as pools,
    ):
        run = begin_run(store, plan, workers)
        job = _Job(plan, store, pools, timeout, progress or Progress())
        job.execute(workers)
        finish_run(store, run, plan, job.samples)
        return RunSummary(job.restored, job.scored, store.count_failures())


@dataclass(slots=True)
class _Pools:
    workers: int
    memory_mib: int | None
    trusted: WorkerPool
    restorers: dict[str, WorkerPool] = field(default_factory=dict)

    def of(self, restorer: str, cells: int) -> WorkerPool:
        """The pool of one restorer, which has so many cells left; `release` ends it."""
        if restorer not in self.restorers:
            self.restorers[restorer] = WorkerPool(
                min(self.workers, cells), private=True, memory_mib=self.memory_mib
            )
        return self.restorers[restorer]

    def release(self, restorer: str) -> None:
        if restorer in self.restorers:
            self.restorers.pop(restorer).close()

    def __enter__(self) -> _Pools:
        return self

    def __exit__(self, *error: object) -> None:
        for pool in (self.trusted, *self.restorers.values()):
            pool.close(kill=True)


_Task = tuple[Callable[[], "Future[Any]"], Callable[[Any], None]]
"""How to start a piece of work, and what to do with its outcome."""


@dataclass(slots=True)
class _Job:
    """One start of a run: three queues, served in the order that frees most.

    Scoring goes before restoring, and restoring before degrading.
    """

    plan: Plan
    store: Store
    pools: _Pools
    timeout: float
    progress: Progress
    samples: dict[tuple[str, str], StoredSample] = field(default_factory=dict)
    scoring: deque[_Task] = field(default_factory=deque)
    restoring: deque[_Task] = field(default_factory=deque)
    degrading: deque[_Task] = field(default_factory=deque)
    broken: dict[str, str] = field(default_factory=dict)
    restored: int = 0
    scored: int = 0
    present: dict[Cell, Restored] = field(init=False)
    score_keys: dict[tuple[Cell, str], tuple[str, str]] = field(init=False)
    left: dict[str, int] = field(init=False)
    scales: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.present, self.score_keys = self.store.restored(), self.store.score_keys()
        self.scales = {item.name: item.conditions.scale for item in self.plan.sets}
        ids = self.plan.ids
        self.left = {r.name: sum(len(ids[name]) for name in r.sets) for r in self.plan.restorers}

    def execute(self, workers: int) -> None:
        """Works until every queue is empty."""
        self.progress.start(self.plan.cells())
        for line in why_again(self.plan, self.present, self.score_keys):
            self.progress.note(line)
        for degraded_set in self.plan.sets:
            for image in self.plan.ids[degraded_set.name]:
                self._queue_sample(degraded_set, image)
        # all samples first: the restorers then run one after the other, each in its own processes
        self._drain(workers)
        for restorer in self.plan.restorers:
            for degraded_set in self.plan.sets:
                if degraded_set.name in restorer.sets:
                    for image in self.plan.ids[degraded_set.name]:
                        self._queue_cell(restorer, degraded_set, image)
        self._drain(workers)

    def _drain(self, workers: int) -> None:
        running: dict[Future[Any], Callable[[Any], None]] = {}
        queues = (self.scoring, self.restoring, self.degrading)
        while running or any(queues):
            while len(running) < workers and any(queues):
                start, then = next(queue for queue in queues if queue).popleft()
                running[start()] = then
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                running.pop(future)(outcome(future, self.timeout))

    def _queue_sample(self, degraded_set: DegradedSet, image: str) -> None:
        def start() -> Future[Any]:
            arguments = degraded_set, image, self.store.folder
            return self.pools.trusted.submit(make_sample, *arguments, timeout=self.timeout)

        def then(result: StoredSample | Trouble) -> None:
            if isinstance(result, Trouble):
                for restorer in self.plan.restorers:
                    if degraded_set.name in restorer.sets:
                        cell = Cell(restorer.name, degraded_set.name, image)
                        self._fail(Failure(cell, FailureKind.SAMPLE, result.message))
                return
            self.samples[degraded_set.name, image] = result
            self.store.add_sample(result)

        self.degrading.append((start, then))

    def _queue_cell(self, restorer: PlannedRestorer, degraded_set: DegradedSet, image: str) -> None:
        cell = Cell(restorer.name, degraded_set.name, image)
        sample = self.samples.get((degraded_set.name, image))
        if sample is None:
            self._done_with(restorer.name)
            return
        wanted, known = (restorer.fingerprint, sample.degraded_sha256), self.present.get(cell)
        if known and (known.fingerprint, known.degraded_sha256) == wanted:
            self._done_with(restorer.name)
            self._queue_scores(cell, sample, self.store.folder / known.path, known.sha256)
            return
        task = RestoreTask(
            spec=restorer.spec,
            device=self.plan.device,
            degraded=sample.degraded,
            conditions=replace(sample.conditions, set_name=degraded_set.name, sample_id=image),
            mask=sample.mask,
            stem=self.store.folder / restored_stem(cell),
            quantise=self.plan.benchmark.evaluation.quantise,
        )

        def then(result: Restoration | Trouble) -> None:
            self._done_with(restorer.name)
            if isinstance(result, Trouble):
                if result.kind is FailureKind.LOAD:
                    self.broken[restorer.name] = result.message
                self._fail(Failure(cell, result.kind, result.message))
                return
            self.restored += 1
            path = str(result.path.relative_to(self.store.folder))
            self.store.add_restored(Restored(cell, path, result.sha256, result.spent, *wanted))
            self._queue_scores(cell, sample, result.path, result.sha256)

        self.restoring.append((lambda: self._start_restoration(restorer.name, task), then))

    def _start_restoration(self, restorer: str, task: RestoreTask) -> Future[Any]:
        if restorer in self.broken:  # it did not load: the other cells need not try
            future: Future[Any] = Future()
            future.set_result(Trouble(FailureKind.LOAD, self.broken[restorer]))
            return future
        return self.pools.of(restorer, self.left[restorer]).submit(
            restore_cell, task, timeout=self.timeout
        )

    def _queue_scores(self, cell: Cell, sample: StoredSample, restored: Path, digest: str) -> None:
        fingerprints = self.plan.metric_fingerprints
        wanted = tuple(
            name
            for name, card in self.plan.metrics.items()
            if self.score_keys.get((cell, name)) != (fingerprints[name], digest)
            and (sample.reference is not None or not card.needs_reference)
        )
        if not wanted:
            self.progress.advance(cell, "reused")
            return
        scale, evaluation = self.scales[cell.set], self.plan.benchmark.evaluation
        task = ScoreTask(
            cell, restored, sample.reference, wanted, evaluation, scale, self.plan.device
        )

        def then(result: Scored | Trouble) -> None:
            if isinstance(result, Trouble):
                why = FailureKind.METRIC, result.message
                result = Scored((), tuple(Failure(cell, *why, name) for name in wanted))
            self.scored += 1
            self.store.add_scores(result.scores, result.failures, fingerprints, digest)
            failed = ", ".join(failure.metric or "" for failure in result.failures)
            self.progress.advance(cell, f"failed: {failed}" if failed else "done")

        self.scoring.append(
            (lambda: self.pools.trusted.submit(score_cell, task, timeout=self.timeout), then)
        )

    def _done_with(self, restorer: str) -> None:
        self.left[restorer] -= 1
        if self.left[restorer] == 0:
            self.pools.release(restorer)

    def _fail(self, failure: Failure) -> None:
        self.store.add_failure(failure)
        self.progress.advance(failure.cell, f"failed: {failure.message}")


def make_sample(degraded_set: DegradedSet, image: str, run_folder: Path) -> StoredSample | Trouble:
    """Makes one sample; runs in a worker, and never raises."""
    try:
        return materialise(degraded_set, image, run_folder)
    except Exception as error:
        return Trouble(FailureKind.SAMPLE, describe_error(error))
