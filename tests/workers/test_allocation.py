"""Processors and memory of a job or a container, and not those of its machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.workers import allocation
from harness.workers.confinement import allowed_environment

GIB = 2**30


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Control groups of a job's step, below those of its job."""
    step = tmp_path / "groups" / "job_7" / "step_0"
    step.mkdir(parents=True)
    (tmp_path / "own").write_text("0::/job_7/step_0\n")
    monkeypatch.setattr(allocation, "CGROUPS", tmp_path / "groups")
    monkeypatch.setattr(allocation, "OWN", tmp_path / "own")
    for name in ("SLURM_CPUS_PER_TASK", "SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU"):
        monkeypatch.delenv(name, raising=False)
    return step


def limit(group: Path, most: object, used: int, cached: int = 0) -> None:
    (group / "memory.max").write_text(f"{most}\n")
    (group / "memory.current").write_text(f"{used}\n")
    (group / "memory.stat").write_text(f"anon 1\ninactive_file {cached}\n")


def test_memory_is_that_of_the_nearest_group_with_a_limit(groups: Path) -> None:
    limit(groups, "max", 0)
    limit(groups.parent, GIB, 100 * 2**20, cached=50 * 2**20)
    assert allocation.free_mib() == int((1024 - 100 + 50) * 0.9), (
        "files that were read do not count"
    )
    limit(groups, GIB // 2, 0)
    assert allocation.free_mib() == int(512 * 0.9)


@pytest.mark.usefixtures("groups")
def test_memory_that_a_queue_allots_counts_where_nobody_enforces_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "500")
    assert allocation.free_mib() == 450
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "0")  # all of it
    assert allocation.free_mib() > 450
    monkeypatch.delenv("SLURM_MEM_PER_NODE")
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "1")
    monkeypatch.setenv("SLURM_MEM_PER_CPU", "600")
    assert allocation.free_mib() == 540


def test_processors_are_those_of_job_affinity_and_group(
    groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(12)))
    assert allocation.cores() == 12
    (groups.parent / "cpu.max").write_text("350000 100000\n")
    assert allocation.cores() == 3
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "2")
    assert allocation.cores() == 2
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "64")
    assert allocation.cores() == 3, "more than it may use does not help"


def test_what_queues_and_drivers_say_reaches_workers_and_a_ticket_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = ("SLURM_JOB_ID", "ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
    for name in (*seen, "SLURM_JWT"):
        monkeypatch.setenv(name, "x")
    assert set(seen) <= allowed_environment().keys()
    assert "SLURM_JWT" not in allowed_environment()
