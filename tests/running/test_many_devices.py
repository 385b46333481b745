"""Two made-up GPUs: both are used, each by one restoration at a time."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from misbehaving import TinySet

from harness.protocols import Benchmark, Evaluation
from harness.running.plan import make_plan
from harness.running.runner import run_plan
from harness.storage.store import load_run


def test_each_device_has_its_own_worker_and_the_free_one_takes_the_next_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    tiny, marks = TinySet(images=tuple("abcdefghijkl"), size=80), tmp_path / "marks"
    plan = make_plan(
        Benchmark("test", "", (tiny,), ("psnr",), Evaluation("rgb")),
        [f"misbehaving:NotesDevice:marks={marks}"],
    )
    run_plan(plan, tmp_path / "run", workers=2, devices=("3", "GPU-7"))
    used: dict[str, list[tuple[float, float]]] = {"3": [], "GPU-7": []}
    for line in marks.read_text().splitlines():
        seen, began, ended = line.split()
        used[seen].append((float(began), float(ended)))
    assert min(map(len, used.values())) >= 3, "both are used"
    for times in used.values():
        assert all(one[1] <= other[0] for one, other in pairwise(sorted(times))), "never shared"
    spent = [item.spent for item in load_run(tmp_path / "run").restored]
    assert len(spent) == 12
    assert {item.beside for item in spent} == {1}
