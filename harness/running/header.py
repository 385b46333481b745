"""What a run folder says of its run: the plan, who runs it where, and whether it is finished."""

import secrets
from collections.abc import Container
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import StoreError
from harness.results import Run, RunPlan
from harness.running.plan import Plan
from harness.set_identity import set_fingerprint
from harness.storage.provenance import describe_environment
from harness.storage.store import FILENAME, Store


def begin_run(store: Store, plan: Plan, workers: int) -> Run:
    """Writes the plan, together with what earlier starts of the run have planned.

    Args:
        store: Of the run folder.
        plan: What is going to be done.
        workers: How many cells at a time.

    Returns:
        What the run says of itself now.

    Raises:
        StoreError: The folder holds a run of another plan.
    """
    run = Run(
        id=secrets.token_hex(6),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        plan=plan.header(),
        restorers=plan.cards(),
        metrics=plan.metrics,
        environment={**describe_environment(plan.device), "workers": workers},
        status="running",
    )
    known = store.read_header()
    if known is not None:
        _check_same_plan(store.folder, known.plan, run.plan)
        metrics = dict.fromkeys([*known.plan.metrics, *run.plan.metrics])
        sets = {**known.plan.sets, **run.plan.sets}
        run = replace(
            run,
            id=known.id or run.id,
            started=known.started or run.started,
            plan=replace(run.plan, sets=sets, metrics=tuple(metrics)),
            restorers={**known.restorers, **run.restorers},
            metrics={**known.metrics, **run.metrics},
        )
    with store.transaction():
        store.write_header(run)
    store.replace_skipped(plan.skipped)
    return run


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
        known = store.read_header()
    if known is None:
        return []
    planned = plan.header()
    _check_same_plan(folder, known.plan, planned)
    new = {
        "restorer": [name for name in plan.cards() if name not in known.restorers],
        "set": [name for name in planned.sets if name not in known.plan.sets],
        "metric": [name for name in planned.metrics if name not in known.plan.metrics],
    }
    found = [f"{kind} {', '.join(names)}" for kind, names in new.items() if names]
    more = {
        name: planned.sets[name].images - known.plan.sets[name].images
        for name in planned.sets
        if name in known.plan.sets
    }
    return found + [f"{n} image{'s' * (n > 1)} of {name}" for name, n in more.items() if n > 0]


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


def finish_run(store: Store, run: Run, plan: Plan, lost: Container[tuple[str, str]]) -> None:
    """Writes the fingerprints of the sets, and marks the run as finished.

    A set's fingerprint is the hash of its pixels.

    Args:
        store: Of the run folder.
        run: What `begin_run` returned.
        plan: What was done.
        lost: Set and id of the samples that could not be made.
    """
    sets = dict(run.plan.sets)
    for name, ids in plan.ids.items():
        hashes = (
            None if (name, image) in lost else store.sample_hashes(name, image) for image in ids
        )
        sets[name] = replace(sets[name], fingerprint=set_fingerprint(hashes))
    store.write_header(replace(run, plan=replace(run.plan, sets=sets), status="finished"))
