"""What this process may use of its machine: all of it, or what a queue or a container allots."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


def cores() -> int:
    """Processors that this process may use: those of its job, of its affinity, of its container."""
    allotted = os.environ.get("SLURM_CPUS_PER_TASK", "")
    if allotted.isdecimal() and int(allotted) > 0:
        return min(int(allotted), _allowed())
    return _allowed()


def _allowed() -> int:
    found = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        found = len(os.sched_getaffinity(0))
    for group in _groups():
        with contextlib.suppress(OSError, ValueError):
            quota, period = (group / "cpu.max").read_text().split()
            found = min(found, max(1, int(quota) // int(period)))
    return found


def free_mib() -> int:
    """Memory that can still be had, less a tenth.

    Of the machine, or of a job or container with less.
    """
    import psutil

    free = psutil.virtual_memory().available
    for group in _groups():
        with contextlib.suppress(OSError, ValueError):  # it has no limit
            limit, used = (
                int((group / name).read_text()) for name in ("memory.max", "memory.current")
            )
            free = min(free, limit - used + _reclaimable(group))
    if (allotted := _allotted_mib()) is not None:
        free = min(free, int(allotted * 2**20))
    return max(int(free * 0.9 / 2**20), 256)


def _allotted_mib() -> float | None:
    """Memory of a Slurm job on this node, which not every cluster enforces by a group."""
    variables = "SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU"
    node, cpu = (os.environ.get(name, "") for name in variables)
    if node.isdecimal() and int(node) > 0:  # 0: all of it
        return float(node)
    if cpu.isdecimal() and int(cpu) > 0:
        return float(cpu) * cores()
    return None


def _groups() -> Iterator[Path]:
    """The control groups of this process, from its own up to the machine's."""
    try:
        lines = OWN.read_text().splitlines()
    except OSError:  # not Linux
        return
    named = next((line[3:] for line in lines if line.startswith("0::")), "/")
    own = CGROUPS / named.lstrip("/")
    yield from (own, *(path for path in own.parents if path.is_relative_to(CGROUPS)))


def _reclaimable(group: Path) -> int:
    """Pages of files that were read: a group counts them, and gives them back when asked."""
    for line in (group / "memory.stat").read_text().splitlines():
        if line.startswith("inactive_file "):
            return int(line.split()[1])
    return 0


def ends_at() -> float | None:
    """When the job that this process is in will be ended, in seconds since 1970; or `None`."""
    text = os.environ.get("SLURM_JOB_END_TIME") or os.environ.get("RESTOBENCH_JOB_END", "")
    return float(text) if text.isdecimal() else None
