"""What a pool says of a worker that dies before the pool has heard which task it took."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest
from pebble.pool.process import PoolManager

from harness.errors import UnavailableError
from harness.results import FailureKind
from harness.workers.pool import Trouble, WorkerPool, outcome


@pytest.fixture(params=(1, 2))
def hard_of_hearing(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WorkerPool]:
    """A pool of one or two workers, whose messages it reads with delay."""
    read = PoolManager.process_next_message

    def late(self: PoolManager, timeout: float) -> Any:
        time.sleep(0.15)
        return read(self, timeout)

    monkeypatch.setattr(PoolManager, "process_next_message", late)
    pool = WorkerPool(request.param)
    yield pool
    pool.close(kill=True)


def test_a_death_is_told_of_the_task_that_caused_it(hard_of_hearing: WorkerPool) -> None:
    dying, living = hard_of_hearing.submit(os._exit, 7), hard_of_hearing.submit(abs, -1)
    message = "the worker process died with exit code 7"
    assert outcome(dying, None) == Trouble(FailureKind.CRASHED, message)
    assert outcome(living, None) == 1


def test_workers_that_die_at_once_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __init__(self, **_options: object) -> None: ...

        def schedule(self, *_given: object, **_options: object) -> None:
            raise BrokenProcessPool

        def stop(self) -> None: ...

        join = stop

    monkeypatch.setattr("harness.workers.pool.ProcessPool", Broken)
    with pytest.raises(UnavailableError, match=r"die as soon as .* \(ulimit -n\)"):
        WorkerPool(1).submit(len, "")
