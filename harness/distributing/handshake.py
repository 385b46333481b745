"""What every node has to agree on with the planner: versions, fingerprints, the pixels of a sample.

The planner says what it expects; a node that differs takes no part.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from harness.errors import HarnessError, describe_error
from harness.plugins.fingerprints import metric_fingerprint, restorer_fingerprint
from harness.plugins.sample_keys import sample_key
from harness.protocols import DegradedSet
from harness.running.plan import Plan
from harness.storage.images.samples import find_sample, make_sample, pin_sample
from harness.storage.places import require_cache
from harness.storage.provenance import PACKAGES, describe_host, installed_versions
from harness.workers.confinement import in_users_folder
from harness.workers.devices import choose_device
from harness.workers.pool import Trouble, outcome


class _Pool(Protocol):
    def submit(
        self, function: Any, *arguments: object, timeout: float | None = None
    ) -> Future[Any]: ...


def expect(plan: Plan, pool: _Pool, timeout: float) -> dict[str, str]:
    """What every node has to say: versions, fingerprints, the first sample of each set.

    Args:
        plan: The whole plan.
        pool: Whose workers make samples.
        timeout: Seconds that one may take.
    """
    found = _versions() | {CODE: code_here()}
    found |= {f"restorer {item.name}": item.fingerprint for item in plan.restorers}
    found |= {f"metric {name}": text for name, text in plan.metric_fingerprints.items()}
    for item in plan.sets:
        if ids := plan.ids[item.name]:
            made = outcome(pool.submit(hash_sample, item, ids[0], timeout=timeout), timeout)
            if not isinstance(made, Trouble):  # it is a failure of its cells, wherever they are
                found[_sample_field(item, ids[0])] = made
    return found


CODE = "code of restobench"


@cache
def code_here() -> str:
    """The hash of this program's files as they were when this process first asked.

    Releases alone would not tell two checkouts apart, nor a Dask worker that has loaded what has
    changed on disk since.
    """
    package, digest = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(package)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _versions() -> dict[str, str]:
    versions = {f"version of {name}": text for name, text in installed_versions(PACKAGES).items()}
    return {"version of Python": f"{sys.version_info[0]}.{sys.version_info[1]}", **versions}


def _sample_field(degraded_set: DegradedSet, image: str) -> str:
    return f"pixels of {degraded_set.name}/{image}"


def hash_sample(degraded_set: DegradedSet, image: str) -> str:
    """The pixels of a sample and its reference, as text; runs in a worker."""
    with in_users_folder():
        key = sample_key(degraded_set, image)
        found = None if key is None else find_sample(degraded_set, image, key)
        if found is None:
            found = make_sample(degraded_set, image)
            if key is not None:
                pin_sample(key, found)
    reference = "" if found.reference is None else found.reference.sha256
    return f"{found.degraded.sha256} {reference}"


def examine(plan: Plan, expected: Mapping[str, str], code: str) -> tuple[str, dict[str, object]]:
    """Looks at this node; runs in one of its workers, and never raises.

    Args:
        plan: Of a chunk.
        expected: Of `expect`, of the whole plan.
        code: `code_here` of the process that runs the chunk; this one is younger.

    Returns:
        In what it differs, or nothing; and what machine it is.
    """
    try:
        choose_device(plan.device)
        host = describe_host(plan.device)
    except HarnessError as error:
        return describe_error(error), describe_host("cpu")
    try:
        with in_users_folder():
            sys.path.append(str(Path.cwd()))
            require_cache()
            return _difference(plan, expected, code), host
    except Exception as error:  # plugins of somebody else
        return describe_error(error), host


def _difference(plan: Plan, expected: Mapping[str, str], code: str) -> str:
    found, device = _versions() | {CODE: code}, plan.device
    for planned in plan.restorers:
        fingerprint = restorer_fingerprint(planned.spec, planned.card, device)
        found[f"restorer {planned.name}"] = fingerprint
    for name in plan.metric_fingerprints:
        found[f"metric {name}"] = metric_fingerprint(name, device)
    for item in plan.sets:
        if reason := item.absent():
            return f"the set {item.name} is not here: {reason}"
        image = next((image for image in item.ids() if _sample_field(item, image) in expected), "")
        if image:
            found[_sample_field(item, image)] = hash_sample(item, image)
    for name, value in found.items():
        if expected.get(name, value) != value:
            return f"{name} is {value} here, and {expected[name]} where the plan was made"
    lacking = [name for name in expected if name.startswith("version") and name not in found]
    return f"{lacking[0]} is unknown here: it is not installed" if lacking else ""


def is_daemonic() -> bool:
    """Whether this process may have no children."""
    from multiprocessing import current_process

    return bool(current_process().daemon)


DAEMONIC = (
    "this worker is a daemonic process, which may start no processes of its own: start Dask's "
    "workers with `dask worker --no-nanny`, or with DASK_DISTRIBUTED__WORKER__DAEMON=False"
)


def sees(run: Path, token: str) -> bool:
    """Whether the run folder of the planner is here."""
    try:
        return (run / "jobs" / "token").read_text() == token and os.access(run, os.W_OK)
    except OSError:
        return False
