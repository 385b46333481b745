"""Takes in what detached jobs have finished, and says what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from harness.distributing.jobs import Jobs
from harness.distributing.parts import has_failed
from harness.distributing.receiving import Receiver
from harness.distributing.slicing import of_fingerprints
from harness.protocols.executor import Executor
from harness.results import Cell
from harness.running.progress import Progress
from harness.set_identity import set_fingerprint
from harness.storage.metadata import SET_SCORES, read_set_scores
from harness.storage.store import Store


@dataclass(frozen=True, slots=True)
class Collected:
    """What a run holds after its jobs were collected.

    Attributes:
        taken: Chunks that were taken in now.
        cells: Cells of the plan.
        missing: Those without an image and without a failure.
        waiting: Chunks whose jobs still wait or run.
        lost: Chunks whose jobs are gone without results; the same `run` hands them over again.
        failures: Failure rows that the run holds now.
        unmeasured: Metrics of sets that no start of the plan has measured; the same `run` does.
    """

    taken: int
    cells: int
    missing: int
    waiting: int
    lost: int
    failures: int
    unmeasured: tuple[str, ...]


def collect(folder: Path, executor: Executor, progress: Progress) -> Collected:
    """Takes in what is done.

    Args:
        folder: The run folder.
        executor: The engine that has the jobs; it is not open yet.
        progress: Told of every cell.

    Raises:
        StoreError: No run there, or none whose jobs were ever handed over.
    """
    Jobs.engine(folder)  # says what is not there, before anything is made
    jobs = Jobs(folder)
    with Store(folder, create=True) as store:
        run = store.require_header()
        receiver = Receiver(store, run, progress)
        wanted = {name: item.fingerprint for name, item in run.restorers.items()}
        cells, ids = _planned(jobs)
        progress.start(len(cells), sum(_is_there(store, cell) for cell in cells))
        for name in jobs.finished():
            _take(jobs, name, receiver, wanted, progress)
        recorded = jobs.recorded()
        executor.open(jobs.folder)
        try:
            waiting = executor.adopt({name: jobs.result(name) for name in recorded})
        finally:
            executor.close()
        for name in recorded.keys() - waiting.keys():
            if (found := jobs.read(name, partial=True)) is not None:
                receiver.take(of_fingerprints(found, wanted))
                store.commit()
                jobs.partial(name).unlink(missing_ok=True)  # it need not be taken in again
        missing = [cell for cell in cells if not _is_there(store, cell)]
        if not missing and not waiting:
            _finish(store, receiver, ids)
        counts = len(waiting), len(recorded) - len(waiting), store.count_failures()
        of_sets = read_set_scores(store.read_meta(SET_SCORES)).cards
        unmeasured = tuple(name for name in jobs.set_metrics() if name not in of_sets)
        return Collected(receiver.chunks, len(cells), len(missing), *counts, unmeasured)


def _take(
    jobs: Jobs, name: str, receiver: Receiver, wanted: dict[str, str], progress: Progress
) -> None:
    result = jobs.read(name)
    if result is None:
        progress.note(f"the results of chunk {name} are damaged: its cells are run again")
    elif why := result.refused or receiver.differs(result):
        progress.note(f"{result.host.get('name', 'a node')} took no part: {why}")
    else:
        receiver.take(of_fingerprints(result, wanted))
    jobs.forget(name)


def _planned(jobs: Jobs) -> tuple[list[Cell], dict[str, tuple[str, ...]]]:
    """All cells of a plan, and the images of each set."""
    ids, sets = jobs.planned()
    cells = [
        Cell(name, one, image) for name, own in sets.items() for one in own for image in ids[one]
    ]
    return cells, ids


def _is_there(store: Store, cell: Cell) -> bool:
    return store.find_restored(cell) is not None or has_failed(store, cell)


def _finish(store: Store, receiver: Receiver, ids: dict[str, tuple[str, ...]]) -> None:
    run = receiver.run
    sets = dict(run.plan.sets)
    for name, images in ids.items():
        hashes = (store.sample_hashes(name, image) for image in images)
        sets[name] = replace(sets[name], fingerprint=set_fingerprint(hashes))
    store.write_header(replace(run, plan=replace(run.plan, sets=sets), status="finished"))
