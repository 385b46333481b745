"""What a plan will cost, from one image of each set: `restobench run --dry-run`."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.running.plan import Plan
from harness.running.runner import run_plan
from harness.storage.store import load_run
from harness.workers.guard import scratch


@dataclass(frozen=True, slots=True)
class Estimate:
    """Costs of a whole plan.

    Attributes:
        seconds: Of restoring, set -> restorer -> seconds, one cell after another; scoring comes on
            top.
        mib: What the restored images will take on disk.
        failed: (restorer, set, message) where the first image failed; these are not in the figures.
    """

    seconds: Mapping[str, Mapping[str, float]]
    mib: float
    failed: tuple[tuple[str, str, str], ...]

    def total_seconds(self) -> float:
        """The sum over sets and restorers."""
        return sum(sum(row.values()) for row in self.seconds.values())


def estimate_costs(plan: Plan, timeout: float = 600.0) -> Estimate:
    """Restores the first image of each set with each restorer, and scales up.

    That happens in a folder which is thrown away.

    Args:
        plan: What is going to be run.
        timeout: Seconds that one restoration may take.
    """
    ids = {name: every[:1] for name, every in plan.ids.items()}
    first = replace(plan, ids=ids, metrics={}, metric_fingerprints={})
    with tempfile.TemporaryDirectory(dir=scratch()) as folder:
        run = Path(folder) / "run"
        run_plan(first, run, workers=1, timeout=timeout)
        data, total = load_run(run), 0
        seconds: dict[str, dict[str, float]] = {name: {} for name in plan.ids}
        for image in data.restored:
            cell, count = image.cell, len(plan.ids[image.cell.set])
            seconds[cell.set][cell.restorer] = image.spent.seconds * count
            total += (run / image.path).stat().st_size * count
    failed = tuple((item.cell.restorer, item.cell.set, item.message) for item in data.failures)
    return Estimate(seconds, total / 2**20, failed)
