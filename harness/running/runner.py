"""Runs a plan: degrade -> restore -> score -> store.

A cell at a time, overlapped, resumable at any moment.
"""

from collections.abc import Container
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
from harness.running.schedule import Schedule
from harness.scoring.set_scores import SetScorer
from harness.storage.places import require_cache
from harness.storage.provenance import describe_host, host_id
from harness.storage.store import Store
from harness.workers.allocation import free_mib
from harness.workers.pool import announce


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
    pools: Pools | None = None,
    devices: tuple[str, ...] = (),
    batch: int = 1,
) -> RunSummary:
    """Runs what is missing of a plan.

    Args:
        plan: What to do.
        folder: The run folder; one that holds a run of the same plan is resumed.
        workers: Restorations at the same time; samples are made and scored beside them.
        timeout: Seconds that one restoration may take.
        memory_mib: What one restoring worker may take; `None`: its share of what is free.
        progress: Told of every cell.
        pools: Who does the work; default: worker processes.
        devices: What each may see, of several (`harness.workers.devices.choose_devices`).
        batch: Images of one size that may be restored, or scored, together.

    Raises:
        StoreError: The folder holds a run of another plan.
        InputError: There are no workers, there is no cache, or no batch can have this size.
    """
    require_cache()
    progress, most = progress or Progress(), max(workers, 2)
    pools = pools or _processes(plan, workers, most, memory_mib, devices)
    with Store(folder, create=True) as store, pools:
        run = begin_run(store, plan, workers, host := describe_host(plan.device))
        prepare(plan, store, progress)
        samples, place = Samples(store, pools, pools.handover(), timeout), Place(host_id(host))
        job = Cells(plan, store, pools, samples, timeout, progress, place, batch)
        _follow(job, most, workers)
        finish(store, run, plan, samples.lost, timeout, progress)
        return RunSummary(job.restored, job.scored, store.count_failures())


def _follow(job: Cells, most: int, workers: int) -> None:
    at_once = most, workers, job.pools.end, lambda: job.waits
    Schedule(*at_once, job.timeout, job.store, job.batch).run(job.courses())


def finish(
    store: Store,
    run: Run,
    plan: Plan,
    lost: Container[tuple[str, str]],
    timeout: float,
    progress: Progress,
) -> None:
    """Measures the plan's metrics of sets, and marks a run as finished whose cells are done.

    Args:
        store: Of the run folder.
        run: What `begin_run` returned.
        plan: What was done.
        lost: Set and id of the samples that could not be made.
        timeout: Seconds that metrics of sets may take for an image.
        progress: Told what is measured.
    """
    if plan.set_metrics:
        sets, rules = {item.name: item for item in plan.sets}, plan.benchmark.evaluation
        scorer = SetScorer(store, sets, plan.device, rules.quantise, timeout, progress.note)
        scorer.score(plan.set_metrics)
    finish_run(store, run, plan, lost)


def _processes(
    plan: Plan, workers: int, most: int, memory_mib: int | None, devices: tuple[str, ...]
) -> Pools:
    if workers < 1:
        raise InputError(f"workers is {workers}; expected 1 or more")
    announce(plan.imports)
    # a GPU's driver maps more than it takes, and its memory is limited by itself
    limit = (memory_mib or free_mib() // workers) if plan.device == "cpu" else None
    cells = {item.name: sum(len(plan.ids[name]) for name in item.sets) for item in plan.restorers}
    return Pools(workers, most, limit, cells, devices=devices)
