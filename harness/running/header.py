"""What a run folder says of its run: the plan, who runs it where, and whether it is finished."""

import secrets
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import StoreError
from harness.results import Run, RunPlan, Spent
from harness.results.run import RUNNING
from harness.running.plan import Plan
from harness.set_identity import set_fingerprint
from harness.storage.metadata import SET_SCORES, read_set_scores
from harness.storage.provenance import describe_environment, host_id
from harness.storage.store import FILENAME, Store


@dataclass(frozen=True, slots=True)
class Place:
    """The machine that restores, for the rows that it makes.

    Attributes:
        host: Its id in `hosts` of the run's environment.
        beside: Other parts of the run that may be at work on it; `None`: nobody knows.
    """

    host: str | None = None
    beside: int | None = 0

    def mark(self, spent: Spent, beside: int) -> Spent:
        """What a restoration has cost here, beside so many others of this part of the run."""
        every = None if self.beside is None else beside + self.beside
        return replace(spent, beside=every, host=self.host)


def begin_run(
    store: Store,
    plan: Plan,
    workers: int,
    host: Mapping[str, object] | None = None,
    known: Run | None = None,
) -> Run:
    """Writes the plan, together with what earlier starts of the run have planned.

    Args:
        store: Of the run folder.
        plan: What is going to be done.
        workers: How many cells at a time.
        host: The machine that restores, if it is one: this one.
        known: What the run says of itself, where this process has just written that.

    Returns:
        What the run says of itself now.

    Raises:
        StoreError: The folder holds a run of another plan.
    """
    if known is None:
        environment, known = describe_environment(plan.device), store.read_header()
    else:
        environment = dict(known.environment)
        store.go_on(known)
    run = _begun(plan, {**environment, "workers": workers})
    if known is not None:
        _check_same_plan(store.folder, known.plan, run.plan)
        run = _resumed(known, run)
    run = run.with_hosts({host_id(host): host} if host else {})
    with store.transaction():
        store.write_header(run)
    store.replace_skipped(plan.skipped)
    return run


def _begun(plan: Plan, environment: Mapping[str, object]) -> Run:
    return Run(
        id=secrets.token_hex(6),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        plan=plan.header(),
        restorers=plan.cards(),
        metrics=plan.metrics,
        environment=environment,
        status=RUNNING,
    )


def additions(folder: Path, plan: Plan) -> list[str]:
    """What a plan adds to the run that a folder holds; nothing where it holds none.

    Args:
        folder: The run folder.
        plan: What is going to be done.

    Raises:
        StoreError: The folder holds a run that cannot be read, or whose scores would not be
            comparable.
    """
    if not (folder / FILENAME).is_file():
        return []
    with Store(folder) as store:
        known, of_sets = store.read_header(), read_set_scores(store.read_meta(SET_SCORES)).cards
    if known is None:
        return []
    planned = plan.header()
    _check_same_plan(folder, known.plan, planned)
    new = {
        "restorer": [name for name in plan.cards() if name not in known.restorers],
        "set": [name for name in planned.sets if name not in known.plan.sets],
        "metric": [name for name in planned.metrics if name not in known.plan.metrics]
        + [name for name in plan.set_metrics if name not in of_sets],
    }
    found = [f"{kind} {', '.join(names)}" for kind, names in new.items() if names]
    more = {
        name: planned.sets[name].images - known.plan.sets[name].images
        for name in planned.sets
        if name in known.plan.sets
    }
    return found + [f"{n} image{'s' * (n > 1)} of {name}" for name, n in more.items() if n > 0]


def _resumed(known: Run, run: Run) -> Run:
    """What a run says of itself that is begun again, perhaps with more in its plan."""
    metrics = dict.fromkeys([*known.plan.metrics, *run.plan.metrics])
    sets = {**known.plan.sets, **run.plan.sets}
    return replace(
        run,
        id=known.id or run.id,
        started=known.started or run.started,
        plan=replace(run.plan, sets=sets, metrics=tuple(metrics)),
        restorers={**known.restorers, **run.restorers},
        metrics={**known.metrics, **run.metrics},
    ).with_hosts(known.hosts())


def _check_same_plan(folder: Path, known: RunPlan, planned: RunPlan) -> None:
    """Refuses to mix results that must not be ranked together; says which field differs."""
    old, new = known.evaluation, planned.evaluation
    shared = sorted(old.keys() & new.keys() - {"name", "hash"})
    fields: list[tuple[str, object, object]] = [
        ("benchmark", known.benchmark, planned.benchmark),
        *((f"evaluation.{key}", old[key], new[key]) for key in shared),
        ("evaluation", old["hash"], new["hash"]),
    ]
    for name in known.sets.keys() & planned.sets.keys():
        for key in ("conditions", "definition"):
            values = (getattr(plan.sets[name], key) for plan in (known, planned))
            fields.append((f"set {name}: {key}", *values))
    for what, was, is_now in fields:
        if was != is_now:
            raise StoreError(
                f"{folder} holds a run of another plan: its {what} is {was}, now it would be "
                f"{is_now}; give another run folder, or throw this one away (run --fresh)"
            )


def finish_run(store: Store, run: Run, plan: Plan, lost: Container[tuple[str, str]]) -> Run:
    """Writes the fingerprints of the sets, and marks the run as finished.

    A set's fingerprint is the hash of its pixels.

    Args:
        store: Of the run folder.
        run: What `begin_run` returned.
        plan: What was done.
        lost: Set and id of the samples that could not be made.

    Returns:
        What the run says of itself now.
    """
    sets = dict(run.plan.sets)
    for name, ids in plan.ids.items():
        hashes = (
            None if (name, image) in lost else store.sample_hashes(name, image) for image in ids
        )
        sets[name] = replace(sets[name], fingerprint=set_fingerprint(hashes))
    finished = replace(run, plan=replace(run.plan, sets=sets), status="finished")
    store.write_header(finished)
    return finished
