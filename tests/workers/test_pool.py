"""What a pool says of a worker that dies before the pool has heard which task it took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
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


def test_threads_that_start_workers_at_once_keep_the_environment(tmp_path: Path) -> None:
    program = """
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
os.environ["MINE"] = "kept"
from harness.workers.guard import scratch
from harness.workers.pool import WorkerPool
def start(_):
    with WorkerPool(1) as pool:
        return pool.run(os.getpid, timeout=60), scratch()
if __name__ == "__main__":
    os.environ.pop("RESTOBENCH_SCRATCH", None)
    before = dict(os.environ)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(start, range(4)))
    after = {key: value for key, value in os.environ.items() if key != "RESTOBENCH_SCRATCH"}
    assert after == before, after.items() ^ before.items()
    assert len({folder for _, folder in found}) == 1
    assert all(isinstance(pid, int) for pid, _ in found)
    print("alike")
"""
    (tmp_path / "program.py").write_text(program)
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "alike\n"), done.stderr


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
