"""What a run folder says of its run: the plan, who runs it where, and whether it is finished."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.errors import StoreError
from harness.running.plan import Plan
from harness.set_identity import set_fingerprint
from harness.storage.provenance import describe_environment
from harness.storage.samples import StoredSample
from harness.storage.store import Store


def begin_run(store: Store, plan: Plan, workers: int) -> None:
    """Writes the plan, together with what earlier starts of the run have planned.

    Args:
        store: Of the run folder.
        plan: What is going to be done.
        workers: How many cells at a time.

    Raises:
        StoreError: The folder holds a run of another plan.
    """
    planned = plan.as_json()
    known = store.get_meta("plan")
    if known is not None:
        _check_same_plan(store.folder, known, planned)
        planned = {**planned, "sets": {**known["sets"], **planned["sets"]}}
        planned["metrics"] = list(dict.fromkeys([*known["metrics"], *planned["metrics"]]))
    with store.transaction():
        store.set_meta(
            plan=planned,
            restorers={**(store.get_meta("restorers") or {}), **plan.restorer_cards()},
            metrics={**(store.get_meta("metrics") or {}), **plan.metric_cards()},
            environment={**describe_environment(plan.device), "workers": workers},
            status="running",
            id=store.get_meta("id") or secrets.token_hex(6),
            started=store.get_meta("started") or datetime.now(UTC).isoformat(timespec="seconds"),
        )
    store.replace_skipped(plan.skipped)


def _check_same_plan(folder: Path, known: dict[str, Any], planned: dict[str, Any]) -> None:
    """Refuses to mix results that must not be ranked together; says which field differs."""
    fields: list[tuple[str, Any, Any]] = [("benchmark", known["benchmark"], planned["benchmark"])]
    old, new = known["evaluation"], planned["evaluation"]
    fields += [
        (f"evaluation.{key}", old[key], new[key])
        for key in old.keys() & new.keys() - {"name", "hash"}
    ]
    fields.append(("evaluation", old["hash"], new["hash"]))
    for name in known["sets"].keys() & planned["sets"].keys():
        old_set, new_set = known["sets"][name], planned["sets"][name]
        fields += [
            (f"set {name}: {key}", old_set[key], new_set[key])
            for key in ("conditions", "definition")
        ]
    for what, before, now in fields:
        if before != now:
            raise StoreError(
                f"{folder} holds a run of another plan: its {what} is {before}, now it would be "
                f"{now}; give another --out, or --fresh to start again"
            )


def finish_run(store: Store, plan: Plan, samples: dict[tuple[str, str], StoredSample]) -> None:
    """Writes the fingerprints of the sets, which are the hashes of their pixels, and marks the run as finished."""
    planned = store.get_meta("plan")
    for name in plan.ids:
        made = (samples.get((name, image)) for image in plan.ids[name])
        hashes = (
            (sample.degraded_sha256, sample.reference_sha256) if sample else None for sample in made
        )
        planned["sets"][name]["fingerprint"] = set_fingerprint(hashes)
    store.set_meta(plan=planned, status="finished")
