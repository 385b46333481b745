"""How many pieces of work are with workers at a time."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future
from typing import Any

import pytest

from harness.running.schedule import QUEUED, Kind, Schedule, Work


def started(restorers: list[str], restorations: int) -> list[str]:
    """Which restorations are given to workers, when all wait and the last pieces were quick."""
    begun: list[str] = []

    def course(restorer: str) -> Generator[Work, Any, None]:
        def start() -> Future[Any]:
            begun.append(restorer)
            return Future()

        yield Work(Kind.RESTORE, start, restorer)

    nobody: Any = None  # nothing is stored
    schedule = Schedule(4, restorations, lambda: False, 1.0, nobody, _pace=0.001)
    schedule._begin(iter([course(name) for name in restorers]))
    schedule._start()
    return begun


@pytest.mark.parametrize("restorations", [1, 2])
def test_quick_pieces_wait_at_the_workers_of_their_restorer_alone(restorations: int) -> None:
    assert started(["a"] * 9, restorations) == ["a"] * (restorations + QUEUED)
    # another restorer has workers of its own, which would begin at once
    assert started(["a"] * restorations + ["b"] * 9, restorations) == ["a"] * restorations
