"""Runs a plan: degrade -> restore -> score -> store.

A cell at a time, overlapped, resumable at any moment.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError
from harness.results import Run
from harness.running.cells import Cells
from harness.running.header import Place, begin_run, finish_run
from harness.running.plan import Plan
from harness.running.pools import Pools
from harness.running.progress import Progress
from harness.running.resuming import prepare
from harness.running.samples import Samples
from harness.running.schedule import TRIP, Schedule
from harness.scoring.set_scores import SetScorer
from harness.storage.marks import Mark
from harness.storage.places import require_cache
from harness.storage.provenance import describe_host, host_id
from harness.storage.store import Store
from harness.workers.allocation import free_mib
from harness.workers.pool import announce


@dataclass(frozen=True, slots=True)
class Closed:
    """A run that this process has closed, which it can go on with sooner than others can.

    Unless somebody else has written to it, what it holds is not read again.

    Attributes:
        run: What it says of itself.
        mark: What tells whether somebody else has written to it since.
    """

    run: Run
    mark: Mark


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What one start of a run did.

    Attributes:
        restored: Images that restorers made this time.
        scored: Images that metrics saw this time.
        failures: Failure rows that the run holds now.
        closed: For who goes on with the run; `None`: its store could not be marked.
    """

    restored: int
    scored: int
    failures: int
    closed: Closed | None = None


def run_plan(
    plan: Plan,
    folder: Path,
    *,
    workers: int = 2,
    timeout: float = 600.0,
    memory_mib: int | None = None,
    progress: Progress | None = None,
    pools: Pools | None = None,
    devices: tuple[str, ...] = (),
    closed: Closed | None = None,
    batch: int = 1,
) -> RunSummary:
    """Runs what is missing of a plan.

    Args:
        plan: What to do.
        folder: The run folder; one that holds a run of the same plan is resumed.
        workers: Restorations at the same time, beside samples and scores.
        timeout: Seconds that one restoration may take.
        memory_mib: What one restoring worker may take; `None`: its share of what is free.
        progress: Told of every cell.
        pools: Who does the work; default: worker processes.
        devices: What each may see, of several (`harness.workers.devices.choose_devices`).
        closed: Of the call before, if that one's plan differs in nothing but new restorers.
        batch: Images of one size that may be restored, or scored, together.

    Raises:
        StoreError: The folder holds a run of another plan.
        InputError: There are no workers, there is no cache, or no batch can have this size.
    """
    require_cache()
    pools = pools or _processes(plan, workers, max(workers, 2), memory_mib, devices)
    host, told = describe_host(plan.device), progress or Progress()
    with Store(folder, create=True, known=closed.mark if closed else None) as store, pools:
        samples = Samples(store, pools, pools.handover(), timeout)
        job = Cells(plan, store, pools, samples, timeout, told, Place(host_id(host)), batch)
        run = _carry_out(job, workers, host, closed)
        counts = job.restored, job.scored, store.count_failures()
    return RunSummary(*counts, Closed(run, store.mark) if store.mark else None)


def _carry_out(job: Cells, workers: int, host: Mapping[str, object], closed: Closed | None) -> Run:
    known = closed.run if closed and job.store.unchanged else None
    run = begin_run(job.store, job.plan, workers, host, known)
    if known is None:
        prepare(job.plan, job.store, job.progress)
    else:
        job.progress.start(job.plan.cells())
    at_once = max(workers, 2), workers, job.pools.end, lambda: job.waits
    Schedule(*at_once, job.timeout, job.store, job.batch, job.pools.trip).run(job.courses())
    return finish(job.store, run, job.plan, job.samples.lost, job.timeout, job.progress)


def finish(
    store: Store,
    run: Run,
    plan: Plan,
    lost: Container[tuple[str, str]],
    timeout: float,
    progress: Progress,
) -> Run:
    """Measures the plan's metrics of sets, and marks a run as finished whose cells are done.

    Args:
        store: Of the run folder.
        run: What `begin_run` returned.
        plan: What was done.
        lost: Set and id of the samples that could not be made.
        timeout: Seconds that metrics of sets may take for an image.
        progress: Told what is measured.

    Returns:
        What the run says of itself now.
    """
    if plan.set_metrics:
        sets, rules = {item.name: item for item in plan.sets}, plan.benchmark.evaluation
        scorer = SetScorer(store, sets, plan.device, rules.quantise, timeout, progress.note)
        scorer.score(plan.set_metrics)
    return finish_run(store, run, plan, lost)


def _processes(
    plan: Plan, workers: int, most: int, memory_mib: int | None, devices: tuple[str, ...]
) -> Pools:
    if workers < 1:
        raise InputError(f"workers is {workers}; expected 1 or more")
    announce(plan.imports)
    # a GPU's driver maps more than it takes, and its memory is limited by itself
    limit = (memory_mib or free_mib() // workers) if plan.device == "cpu" else None
    cells = {item.name: sum(len(plan.ids[name]) for name in item.sets) for item in plan.restorers}
    return Pools(workers, most, limit, cells, devices=devices, trip=TRIP)
