"""Small plans for tests of engines, and what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from misbehaving import TinySet

from harness.protocols import Benchmark, Evaluation
from harness.results import Cell, Score
from harness.running.plan import Plan, make_plan
from harness.running.progress import Progress
from harness.storage.store import load_run


def plan_of(restorer: str, images: int, size: int = 40) -> Plan:
    """One restorer on one set."""
    tiny = TinySet(images=tuple(f"i{number:03d}" for number in range(images)), size=size)
    return make_plan(Benchmark("test", "", (tiny,), ("psnr",), Evaluation("rgb")), [restorer])


def scores_of(folder: Path) -> list[Score]:
    """The scores of a run without failures."""
    data = load_run(folder)
    assert not data.failures, data.failures
    return sorted(data.scores, key=repr)


def counting(marks: Path, sleep: float = 0.0) -> str:
    """A restorer that leaves a mark for each image of more than 64 pixels."""
    marks.touch()
    return f"misbehaving:Counting:marks={marks},sleep={sleep}"


def count(marks: Path) -> int:
    """How many marks there are."""
    return len(marks.read_text().split())


class Watcher(Progress):
    """Counts each cell, and does something once the first has come back."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.cells: Counter[Cell] = Counter()
        self.notes: list[str] = []
        self._then: Callable[[], object] | None = then

    def note(self, text: str) -> None:
        self.notes.append(text)

    def advance(self, cell: Cell, note: str) -> None:
        self.cells[cell] += 1
        then, self._then = self._then, None
        if then is not None:
            then()
