"""Trips: quick pieces of work that one worker does one after the other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Generator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import batching
import pytest
from misbehaving import Falls, TinySet
from plans import scores_of

from harness.api.in_process import PoolsHere
from harness.protocols import Benchmark, DegradedSet, Evaluation
from harness.results import FailureKind, RunData
from harness.running import schedule
from harness.running.plan import Plan, make_plan
from harness.running.runner import run_plan
from harness.running.schedule import Kind, Schedule, Work, in_turn
from harness.storage.store import load_run
from harness.workers.pool import WorkerPool, handover_folder

IMAGES = tuple("abcdefgh")


class NoStore:
    """Commits nothing."""

    def batch(self) -> None:
        pass

    commit = batch


def schedule_of(pace: float, trip: int) -> Schedule:
    """A schedule of pieces that took so many seconds each so far."""
    store: Any = NoStore()
    nobody: Any = None  # no pool is ended
    paces = defaultdict[tuple[Kind, str], float](lambda: pace)
    return Schedule(9, 9, nobody, lambda: False, 1.0, store, trip=trip, _paces=paces)


@pytest.mark.parametrize(
    ("pools", "pace", "trip", "expected"),
    [
        ("aaaaa", 0.001, 3, ["aaa", "aa"]),
        ("aaaaa", 0.005, 8, ["aaaaa"]),
        ("aaaaa", 0.019, 8, ["aa", "aa", "a"]),
        ("aaaaa", 0.021, 8, ["a"] * 5),  # what is slow does not travel with others
        ("aaaaa", 1.0, 8, ["a"] * 5),
        ("aaaaa", 0.001, 1, ["a"] * 5),
        ("aabba", 0.001, 8, ["aa", "bb", "a"]),
        ("aAAaa", 0.001, 8, ["a", "A", "A", "aa"]),  # capitals have to go alone
    ],
)
def test_quick_pieces_of_one_pool_travel_together(
    pools: str, pace: float, trip: int, expected: list[str]
) -> None:
    begun: list[str] = []

    def course(pool: str) -> Generator[Work, Any, None]:
        def start(*items: str) -> Future[Any]:
            begun.append("".join(items) or pool)
            return Future()

        yield Work(Kind.RESTORE, start, pool.lower(), item=None if pool.isupper() else pool)

    one = schedule_of(pace, trip)
    one._begin(iter([course(pool) for pool in pools]))
    one._start()
    assert begun == expected


def follow(answer: Callable[[list[int]], object], count: int = 4) -> tuple[list[Any], list[Any]]:
    """What comes of pieces 1, 2, ... whose workers answer so; and what these were given."""
    given: list[list[int]] = []
    heard: list[tuple[int, object]] = []

    def course(number: int) -> Generator[Work, Any, None]:
        def start(*items: int) -> Future[Any]:
            given.append(list(items) or [number])
            future: Future[Any] = Future()
            try:
                future.set_result(answer(given[-1]))
            except Exception as error:
                future.set_exception(error)
            return future

        heard.append((number, (yield Work(Kind.RESTORE, start, "a", item=number))))

    schedule_of(0.001, 8).run(course(number) for number in range(1, count + 1))
    return sorted(heard, key=lambda pair: pair[0]), given


def test_each_piece_has_what_came_of_it() -> None:
    heard, given = follow(lambda items: [10 * item for item in items])
    assert (heard, given) == ([(n, 10 * n) for n in (1, 2, 3, 4)], [[1, 2, 3, 4]])


def test_what_a_worker_had_no_time_for_goes_on_the_next_trip() -> None:
    heard, given = follow(lambda items: [10 * n for n in items[:3]] if items[1:] else 10 * items[0])
    assert heard == [(n, 10 * n) for n in (1, 2, 3, 4)]
    assert given == [[1, 2, 3, 4], [4]]


@pytest.mark.parametrize("broken", [ValueError("2"), BrokenProcessPool("All workers expired")])
def test_of_a_trip_that_failed_each_piece_goes_alone(broken: Exception) -> None:
    def answer(items: list[int]) -> object:
        if 2 in items:
            raise broken
        return 10 * items[0]

    heard, given = follow(answer)
    assert [pair for pair in heard if pair[0] != 2] == [(n, 10 * n) for n in (1, 3, 4)]
    assert str(broken) in heard[1][1].message
    assert given[:2] == [[1, 2, 3, 4], [1]]
    assert all(len(items) == 1 for items in given[1:])


def test_a_trip_ends_when_its_time_is_over() -> None:
    assert in_turn(divmod, [(7, 2), (9, 4), (5, 5)], math.inf) == [(3, 1), (2, 1), (1, 0)]
    assert in_turn(divmod, [(7, 2), (9, 4), (5, 5)], -1.0) == [(3, 1)], "one in any case"


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """Pieces travel, however long they take; what they are -> how many are on each trip."""
    found = defaultdict[str, list[int]](list)
    submit = WorkerPool.submit

    def noting(
        pool: WorkerPool, function: Callable[..., Any], *arguments: Any, timeout: float
    ) -> Future[Any]:
        if function is in_turn:
            found[arguments[0].__name__].append(len(arguments[1]))
        return submit(pool, function, *arguments, timeout=timeout)

    monkeypatch.setattr(WorkerPool, "submit", noting)
    monkeypatch.setattr(schedule, "TRIP_SECONDS", math.inf)
    return found


def plan_of(folder: Path, *sets: DegradedSet, **options: str) -> Plan:
    """One restorer; without sets, on eight images."""
    (folder / "marks").touch()
    sets = sets or (TinySet("small", images=IMAGES, size=80),)
    benchmark = Benchmark("test", "", sets, ("psnr", "ssim"), Evaluation("rgb"))
    asked = {"marks": folder / "marks", "bad": "none", "how": "raises", **options}
    return make_plan(benchmark, ["R=batching:Falls:" + ",".join(f"{k}={asked[k]}" for k in asked)])


def pixels(data: RunData) -> dict[str, str]:
    return {item.cell.image: item.sha256 for item in data.restored}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    """The run of pieces one by one."""
    folder = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("harness.running.runner.TRIP", 1)
        run_plan(plan_of(folder), folder / "run", workers=1)
    return load_run(folder / "run")


def test_trips_change_no_number(
    tmp_path: Path, alone: RunData, trips: dict[str, list[int]]
) -> None:
    run_plan(plan_of(tmp_path), tmp_path / "run", workers=1)
    data = load_run(tmp_path / "run")
    assert pixels(data) == pixels(alone)
    assert sorted(data.scores, key=repr) == sorted(alone.scores, key=repr)
    assert not data.failures
    assert {name: max(sizes) for name, sizes in trips.items()} == {
        "make": 6,
        "restore_cell": 6,
        "score_cell": 6,
    }
    spent = [item.spent for item in data.restored]
    assert {(item.batch, item.beside) for item in spent} == {(1, 0)}
    assert sum(item.cold for item in spent) == 1


@pytest.mark.parametrize(
    ("how", "kind", "again"),
    [
        ("raises", FailureKind.RAISED, 0),
        ("dies", FailureKind.CRASHED, 3),
        ("hangs", FailureKind.TIMEOUT, 3),
        ("memory", FailureKind.MEMORY, 3),
    ],
)
def test_a_restorer_that_falls_on_a_trip_loses_the_cell_that_it_loses_alone(
    tmp_path: Path, alone: RunData, trips: dict[str, list[int]], how: str, kind: FailureKind,
    again: int,
) -> None:  # fmt: skip
    plan = plan_of(tmp_path, how=how, bad="c")
    run_plan(plan, tmp_path / "run", workers=1, timeout=3)
    data = load_run(tmp_path / "run")
    assert [(item.cell.image, item.kind) for item in data.failures] == [("c", kind)]
    assert pixels(data) == {name: sha for name, sha in pixels(alone).items() if name != "c"}
    expected = [item for item in alone.scores if item.cell.image != "c"]
    assert sorted(data.scores, key=repr) == sorted(expected, key=repr)
    assert trips["restore_cell"][0] == 6
    # those of the trip that were done, and the one that ended it
    assert len((tmp_path / "marks").read_text().split()) == len(IMAGES) + again
    assert run_plan(plan, tmp_path / "run", workers=1, timeout=3).restored == 0


@pytest.mark.parametrize("how", ["raises", "dies", "hangs"])
def test_a_sample_that_ends_its_worker_is_lost_alone(
    tmp_path: Path, alone: RunData, trips: dict[str, list[int]], how: str
) -> None:
    falls = Falls("small", images=IMAGES, size=80, bad="c", how=how)
    run_plan(plan_of(tmp_path, falls), tmp_path / "run", workers=1, timeout=3)
    data = load_run(tmp_path / "run")
    assert [(item.cell.image, item.kind) for item in data.failures] == [("c", FailureKind.SAMPLE)]
    assert pixels(data) == {name: sha for name, sha in pixels(alone).items() if name != "c"}
    assert trips["make"][0] == 6


def test_a_sample_that_several_restorers_wait_for_leaves_nothing(
    tmp_path: Path, trips: dict[str, list[int]]
) -> None:
    tiny, before = TinySet(images=("a", "b"), size=80), {*handover_folder().iterdir()}
    benchmark = Benchmark("test", "", (tiny,), ("psnr",), Evaluation("rgb"))
    names = ["misbehaving:Good", "misbehaving:Halves", "misbehaving:MutatesInput"]
    run_plan(make_plan(benchmark, names), tmp_path / "run", workers=2)
    run_plan(make_plan(benchmark, names[:1]), tmp_path / "first", workers=2)
    found, first = scores_of(tmp_path / "run"), scores_of(tmp_path / "first")
    assert len(found) == 6
    assert [item for item in found if item.cell.restorer == "Good"] == first
    assert trips["make"][0] == 6
    assert {*handover_folder().iterdir()} == before


def test_in_this_process_nothing_travels(
    tmp_path: Path, alone: RunData, trips: dict[str, list[int]]
) -> None:
    restorer = batching.Falls(marks=str(tmp_path / "marks"))
    pools = PoolsHere({"R": restorer})
    run_plan(plan_of(tmp_path), tmp_path / "run", workers=1, pools=pools)
    assert pixels(load_run(tmp_path / "run")) == pixels(alone)
    assert not trips
