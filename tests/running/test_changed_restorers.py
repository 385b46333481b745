"""A restorer's files change between two starts of a run: the second says what it does about it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.degradations.noise import GaussianNoise
from benchmarks.sets import SyntheticSet
from benchmarks.sources import Folder
from harness.images import write_image
from harness.protocols import Benchmark, Evaluation, Task
from harness.running.plan import make_plan
from harness.running.progress import Progress
from harness.running.runner import run_plan
from harness.storage.store import load_run

SCRIPT = """
import sys
from PIL import Image
from amount import AMOUNT
Image.open(sys.argv[1]).point(lambda value: value * AMOUNT).save(sys.argv[2])
"""


class Listener(Progress):
    """Keeps what a run says beside its cells."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_the_module_beside_the_script_of_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, generator: np.random.Generator
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.py").write_text(SCRIPT)
    (tmp_path / "images").mkdir()
    write_image(tmp_path / "images" / "a.png", generator.random((3, 24, 32), dtype=np.float32))
    source = Folder(tmp_path / "images")
    sets = (SyntheticSet("noisy", Task.DENOISE, source, (GaussianNoise(25),)),)
    benchmark = Benchmark("test", "", sets, ("psnr",), Evaluation("rgb"))

    def run(amount: float) -> tuple[float, list[str]]:
        (tmp_path / "amount.py").write_text(f"AMOUNT = {amount}\n")
        listener = Listener()
        plan = make_plan(benchmark, [f"cmd:{sys.executable} t.py {{input}} {{output}}"])
        run_plan(plan, tmp_path / "run", progress=listener)
        data = load_run(tmp_path / "run")
        assert data.run.restorer("t").not_tracked.startswith("what the command reads besides")
        return data.scores[0].value, listener.notes

    first, notes = run(1.0)
    assert not notes
    same, kept = run(1.0)
    assert same == first
    assert [note.partition("python")[0] for note in kept] == [
        "t: 1 images are kept; not tracked: what the command reads besides "
    ]
    other, again = run(0.5)
    assert other < first - 1
    assert again == ["t: 1 images are restored again: code, weights or device changed"]
