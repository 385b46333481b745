"""Carries a plan out on many nodes: this process hands out work, and alone writes the run."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.distributing.job import Job
from harness.distributing.jobs import Jobs
from harness.distributing.node import take_leave
from harness.distributing.receiving import Receiver
from harness.distributing.tasks import How
from harness.errors import InputError
from harness.protocols.executor import Executor
from harness.running.header import begin_run
from harness.running.plan import Plan
from harness.running.progress import Progress
from harness.running.resuming import prepare
from harness.running.runner import RunSummary, finish
from harness.storage.places import require_cache
from harness.storage.store import Store
from harness.workers.devices import choose_device


def run_on(
    executor: Executor,
    plan: Plan,
    folder: Path,
    how: How | None = None,
    progress: Progress | None = None,
    *,
    detach: bool = False,
    text: str = "",
) -> RunSummary:
    """Runs what is missing of a plan on the nodes of an engine.

    Args:
        executor: The engine; it is not open yet.
        plan: What to do.
        folder: The run folder; one that holds a run of the same plan is resumed.
        how: How the nodes work.
        progress: Told of every cell.
        text: What the user has called the executor; `collect` looks it up.
        detach: Whether all is handed over at once, for `collect` to take in what comes of it.

    Raises:
        StoreError: The folder holds a run of another plan.
        IncomparableError: The nodes differ from this machine in what decides scores.
        InputError: The engine cannot be used, or there is no cache.
    """
    require_cache()
    if detach and not executor.durable:
        raise InputError("--detach is for engines whose jobs go on by themselves, as slurm's do")
    progress, how = progress or Progress(), how or How()
    with Store(folder, create=True) as store:
        receiver = Receiver(store, begin_run(store, plan, how.workers or 0), progress)
        prepare(plan, store, progress)
        jobs = Jobs(folder)
        jobs.note_plan(plan, text)
        executor.open(jobs.folder)
        _follow(Job(executor, plan, how, progress, store, jobs, receiver, detach))
        if not detach:
            finish(store, receiver.run, _here(plan), {}, how.timeout, progress)
        return RunSummary(receiver.restored, receiver.scored, store.count_failures())


def _here(plan: Plan) -> Plan:
    """The plan for what this machine measures, which need not have the device of the nodes."""
    if plan.device == "cpu" or not plan.set_metrics:
        return plan
    return replace(plan, device=choose_device("auto"))


def _follow(job: Job) -> None:
    """Carries a job out; whatever ends it ends what it has handed over."""
    try:
        if warning := job.executor.warning():
            job.progress.note(f"warning: {warning}")
        job.carry_out()
    except BaseException:
        job.executor.cancel()
        raise
    finally:
        job.executor.close(None if job.executor.durable else partial(take_leave, job.start))
