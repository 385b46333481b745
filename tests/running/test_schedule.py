"""How many pieces of work are with workers at a time."""

from __future__ import annotations

import threading
from collections.abc import Generator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from harness.results import FailureKind
from harness.running.schedule import ATTEMPTS, QUEUED, Kind, Schedule, Work
from harness.workers.pool import Trouble


def started(
    restorers: list[str], restorations: int, *, pace: float = 0.001, waiting: bool = False
) -> list[str]:
    """Which restorations are given to workers; `waiting` leave the processors to others."""
    begun: list[str] = []

    def course(restorer: str) -> Generator[Work, Any, None]:
        def start() -> Future[Any]:
            begun.append(restorer)
            return Future()

        yield Work(Kind.RESTORE, start, restorer)

    nobody: Any = None  # nothing is stored
    schedule = Schedule(4, restorations, begun.append, lambda: waiting, 1.0, nobody, _pace=pace)
    schedule._begin(iter([course(name) for name in restorers]))
    schedule._start()
    return begun


@pytest.mark.parametrize("restorations", [1, 2])
def test_quick_pieces_wait_at_the_workers_of_their_restorer_alone(restorations: int) -> None:
    assert started(["a"] * 9, restorations) == ["a"] * (restorations + QUEUED)
    # another restorer has workers of its own, which would begin at once
    assert started(["a"] * restorations + ["b"] * 9, restorations) == ["a"] * restorations


@pytest.mark.parametrize("restorations", [1, 2])
def test_a_restorer_that_waits_has_its_next_image_at_hand(restorations: int) -> None:
    assert started(["a"] * 9, restorations, pace=1.0) == ["a"] * restorations
    assert started(["a"] * 9, restorations, pace=1.0, waiting=True) == ["a"] * (restorations + 1)
    both = ["a"] * restorations + ["b"] * 9
    assert started(both, restorations, pace=1.0, waiting=True) == ["a"] * restorations


class NoStore:
    """Commits nothing."""

    def batch(self) -> None:
        pass

    commit = batch


def follow(starts: list[Future[Any]]) -> tuple[list[object], list[str]]:
    """What comes of one piece of work whose workers do this, in turn; and the pools that ended."""
    found: list[object] = []
    ended: list[str] = []

    def course() -> Generator[Work, Any, None]:
        found.append((yield Work(Kind.SCORE, lambda: starts.pop(0), "a")))

    store: Any = NoStore()
    Schedule(2, 1, ended.append, lambda: False, 1.0, store).run(iter([course()]))
    return found, ended


def finished(value: object) -> Future[Any]:
    future: Future[Any] = Future()
    if isinstance(value, Exception):
        future.set_exception(value)
    else:
        future.set_result(value)
    return future


def test_work_that_a_killed_worker_took_along_is_given_to_a_new_pool(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("harness.running.schedule.STALL_SECONDS", 0.05)
    lost: Future[Any] = Future()  # no worker says that it has begun, ever
    assert follow([lost, finished(7)]) == ([7], ["a"])
    assert lost.cancelled()


def test_work_that_is_under_way_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.running.schedule.STALL_SECONDS", 0.05)
    slow: Future[Any] = Future()
    slow.set_running_or_notify_cancel()
    threading.Timer(0.3, slow.set_result, [7]).start()
    assert follow([slow]) == ([7], [])


def test_work_that_no_worker_began_with_is_tried_again_and_not_for_ever() -> None:
    broken = BrokenProcessPool("All workers expired")
    assert follow([finished(broken), finished(7)])[0] == [7]
    found, _ = follow([finished(broken) for _ in range(ATTEMPTS + 1)])
    [trouble] = found
    assert isinstance(trouble, Trouble)
    assert "All workers expired" in trouble.message


def begun(keys: list[str | None], batch: int, *, samples: int = 0) -> list[list[str | None]]:
    """Which restorations begin together, of those that wait; so many samples are being made."""
    found: list[list[str | None]] = []

    def course(key: str | None) -> Generator[Work, Any, None]:
        def start(*items: str | None) -> Future[Any]:
            found.append(list(items) or [key])
            return Future()

        yield Work(Kind.RESTORE, start, "pool", key, key)

    def sample() -> Generator[Work, Any, None]:
        yield Work(Kind.SAMPLE, Future)

    nobody: Any = None
    schedule = Schedule(9, 9, nobody, lambda: False, 1.0, nobody, batch, _pace=1.0)
    courses = [*(course(key) for key in keys), *(sample() for _ in range(samples))]
    schedule._begin(iter(courses))
    schedule._start()
    return found


@pytest.mark.parametrize(
    ("keys", "samples", "expected"),
    [
        (["a"] * 5, 0, [["a", "a"], ["a", "a"], ["a"]]),
        (["a", "b", "b", "a"], 0, [["b", "b"], ["a", "a"]]),
        (["a", "b"], 0, [["a"], ["b"]]),
        (["a", "b", "b"], 1, [["b", "b"]]),  # the image that is being made may go with the first
        (["a", None, "b", "b"], 1, [["b", "b"]]),
        ([None, "a"], 1, [[None]]),
        ([None, None], 1, [[None], [None]]),
    ],
)
def test_what_is_alike_begins_together_and_what_is_not_waits_for_samples_alone(
    keys: list[str | None], samples: int, expected: list[list[str | None]]
) -> None:
    found = begun(keys, 2, samples=samples)
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_without_batches_nothing_waits() -> None:
    assert begun(["a", "b"], 1, samples=1) == [["a"], ["b"]]


@pytest.mark.parametrize("failed", [False, True])
def test_of_a_batch_each_course_has_its_own_and_of_its_failure_all_have_the_same(
    failed: bool,
) -> None:
    heard: list[object] = []
    trouble = Trouble(FailureKind.MEMORY, "too much")

    def course(number: int) -> Generator[Work, Any, None]:
        def start(*items: int) -> Future[Any]:
            return finished(trouble if failed else [10 * item for item in items])

        heard.append((number, (yield Work(Kind.SCORE, start, "", "key", number))))

    store: Any = NoStore()
    schedule = Schedule(2, 1, heard.append, lambda: False, 1.0, store, 3)
    schedule.run(iter([course(number) for number in (1, 2, 3)]))
    assert heard == [(n, trouble if failed else 10 * n) for n in (1, 2, 3)]
