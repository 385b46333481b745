"""Batches: the same results as one by one, whatever a restorer or metric makes of a batch."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import batching
import pytest
from misbehaving import TinySet
from plans import Watcher, scores_of

from harness.api.in_process import PoolsHere
from harness.distributing.runner import run_on
from harness.distributing.tasks import How
from harness.executors.local import LocalExecutor
from harness.protocols import Benchmark, Evaluation
from harness.reporting.costs import cost_notes, costs
from harness.results import TIMED_IN_BATCHES, FailureKind, RunData
from harness.running.batches import MOST
from harness.running.plan import Plan, make_plan
from harness.running.runner import run_plan
from harness.storage.places import cache_folder
from harness.storage.store import load_run
from harness.workers import sandbox

SIZES = {"small": 80, "large": 97}


def plan_of(name: str, folder: Path, images: int = 6, bad: str = "", sets: int = 2) -> Plan:
    """Sets of another size each, with images a, b, c, ..."""
    names, sizes = tuple("abcdefghijkl"[:images]), list(SIZES.items())[:sets]
    tiny = tuple(TinySet(size, images=names, size=side) for size, side in sizes)
    benchmark = Benchmark("test", "", tiny, ("psnr",), Evaluation("rgb"))
    (folder / "marks").touch()
    marks = folder / "marks"
    return make_plan(benchmark, [f"R=batching:{name}:marks={marks},bad={bad or 'none'}"])


def given(folder: Path) -> list[int]:
    """How many images the restorer was given at a time, the most first."""
    return sorted(map(int, (folder / "marks").read_text().split()), reverse=True)


def said(watcher: Watcher) -> list[str]:
    """What the log says of batches."""
    return [note for note in watcher.notes if "one by one" in note]


def pixels(data: RunData) -> dict[tuple[str, str], str]:
    return {(item.cell.set, item.cell.image): item.sha256 for item in data.restored}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    """The run of images one by one."""
    folder = tmp_path_factory.mktemp("alone")
    run_plan(plan_of("Batched", folder), folder / "run", workers=1)
    assert given(folder) == [1] * 12
    return load_run(folder / "run")


def test_images_of_one_size_go_together_and_nothing_else_changes(
    tmp_path: Path, alone: RunData
) -> None:
    watcher = Watcher()
    summary = run_plan(
        plan_of("Batched", tmp_path), tmp_path / "run", workers=1, batch=4, progress=watcher
    )
    data = load_run(tmp_path / "run")
    # four and two of each size; beside them the one that the first batch is compared with
    assert given(tmp_path) == [4, 4, 2, 2, 1]
    assert pixels(data) == pixels(alone)
    assert list(data.scores) == list(alone.scores)
    assert (summary.restored, summary.scored, summary.failures, said(watcher)) == (12, 12, 0, [])
    assert sorted(item.spent.batch for item in data.restored) == [2] * 4 + [4] * 8
    assert {item.spent.beside for item in data.restored} == {0}


def test_seconds_are_shares_and_say_so(tmp_path: Path, alone: RunData) -> None:
    run_plan(plan_of("Batched", tmp_path), tmp_path / "run", workers=1, batch=6)
    data = load_run(tmp_path / "run")
    found = costs(data)
    assert {(item.batch, item.untimed) for item in found} == {(6, TIMED_IN_BATCHES)}
    assert any(TIMED_IN_BATCHES in line for line in cost_notes(found)["small"])
    assert all(item.untimed == "" and item.batch == 1 for item in costs(alone))


def test_a_second_run_with_another_batch_has_nothing_to_do(tmp_path: Path) -> None:
    plan = plan_of("Batched", tmp_path)
    run_plan(plan_of("Batched", tmp_path, images=3), tmp_path / "run", workers=1, batch=3)
    before = given(tmp_path)
    again = run_plan(plan, tmp_path / "run", workers=1, batch=2)
    assert (again.restored, again.scored) == (6, 6), "the three that are new of each set"
    done = given(tmp_path)
    assert run_plan(plan, tmp_path / "run", workers=1, batch=4).restored == 0
    assert given(tmp_path) == done
    assert before == [3, 3, 1]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("OneTooFew", r"restore_batch returned \(3, 3, 80, 80\); expected an array \(4, C, H, W\)"),
        ("Listed", r"restore_batch returned list; expected an array \(4, C, H, W\)"),
        ("Smaller", r"returned shape \(3, 80, 79\); expected \(3, 80, 80\)"),
        ("OneForAll", r"restore_batch returned one image for two that differ"),
        ("Mixes", r"what it returns in a batch differs by up to 0.0\d+ of white"),
        ("Draws", r"it draws random numbers"),
        ("Short", r"CUDA out of memory"),
        ("Dies", r"died with exit code 9"),
    ],
)
def test_what_a_restorer_does_wrong_in_a_batch_is_done_again_one_by_one(
    tmp_path: Path, alone: RunData, name: str, says: str
) -> None:
    watcher, plan = Watcher(), plan_of(name, tmp_path)
    run_plan(plan, tmp_path / "run", workers=1, batch=4, progress=watcher)
    data = load_run(tmp_path / "run")
    assert not data.failures
    assert {item.spent.batch for item in data.restored} == {1}
    if name != "Draws":
        assert pixels(data) == pixels(alone)
    else:
        plan = plan_of(name, tmp_path)
        run_plan(plan, tmp_path / "again", workers=1)
        assert pixels(data) == pixels(load_run(tmp_path / "again")), "noise is that of each alone"
    assert 1 <= len(said(watcher)) <= 3
    assert re.search(says, said(watcher)[0]), said(watcher)


def test_a_view_of_a_buffer_that_is_used_again_is_no_fault(tmp_path: Path, alone: RunData) -> None:
    run_plan(plan_of("OneBuffer", tmp_path), tmp_path / "run", workers=2, batch=4)
    data = load_run(tmp_path / "run")
    assert pixels(data) == pixels(alone)
    assert max(item.spent.batch for item in data.restored) == 4


def test_what_an_image_alone_does_wrong_is_a_failure_of_each(tmp_path: Path) -> None:
    run_plan(plan_of("SmallerAlways", tmp_path), tmp_path / "run", workers=1, batch=4)
    data = load_run(tmp_path / "run")
    assert {failure.kind for failure in data.failures} == {FailureKind.INVALID}
    assert len(data.failures) == 12
    assert "returned shape" in data.failures[0].message


@pytest.mark.parametrize("here", [False, True], ids=["in a worker", "in this process"])
def test_one_bad_image_costs_its_own_cell(tmp_path: Path, alone: RunData, here: bool) -> None:
    plan, watcher = plan_of("Batched", tmp_path, bad="c"), Watcher()
    pools = None
    if here:
        restorer = batching.Batched(marks=str(tmp_path / "marks"), bad="c")
        pools = PoolsHere({"R": restorer})
    run_plan(plan, tmp_path / "run", workers=1, batch=3, progress=watcher, pools=pools)
    data = load_run(tmp_path / "run")
    failures = [(item.cell.set, item.cell.image, item.kind) for item in data.failures]
    assert failures == [("large", "c", FailureKind.RAISED), ("small", "c", FailureKind.RAISED)]
    assert "this one is bad" in data.failures[0].message
    expected = {key: value for key, value in pixels(alone).items() if key[1] != "c"}
    assert pixels(data) == expected
    # the other batch of each set was none of theirs
    assert sorted(item.spent.batch for item in data.restored) == [1] * 4 + [3] * 6
    assert "a batch of 3 failed (ValueError: one of them is bad)" in said(watcher)[0]


def test_a_batch_has_the_time_of_all_its_images_and_an_image_its_own(tmp_path: Path) -> None:
    slow = plan_of("Slow", tmp_path, sets=1)
    run_plan(slow, tmp_path / "slow", workers=1, batch=6, timeout=1.5)
    assert not load_run(tmp_path / "slow").failures, "3 s of 9"
    plan, watcher = plan_of("Hangs", tmp_path, images=3, bad="b", sets=1), Watcher()
    run_plan(plan, tmp_path / "run", workers=1, batch=3, timeout=1.5, progress=watcher)
    failures = [(item.cell.image, item.kind) for item in load_run(tmp_path / "run").failures]
    assert failures == [("b", FailureKind.TIMEOUT)]
    assert "a batch of 3 failed (no result within" in said(watcher)[0]


def test_a_restorer_that_takes_one_image_at_a_time_is_said_once(tmp_path: Path) -> None:
    tiny = TinySet(images=tuple("abcdef"))
    benchmark = Benchmark("test", "", (tiny,), ("psnr",), Evaluation("rgb"))
    watcher, plan = Watcher(), make_plan(benchmark, ["misbehaving:Good", "identity"])
    run_plan(plan, tmp_path / "run", workers=2, batch=2, progress=watcher)
    data = load_run(tmp_path / "run")
    assert len(data.scores) == 12
    assert sorted(said(watcher)) == [
        f"{name} restores images one by one: {name} takes one image at a time (it has no "
        "restore_batch)"
        for name in ("Good", "identity")
    ]


def test_on_nodes_as_well(tmp_path: Path, alone: RunData) -> None:
    plan = plan_of("Batched", tmp_path)
    run_on(LocalExecutor(""), plan, tmp_path / "run", How(workers=1, batch=4))
    assert pixels(load_run(tmp_path / "run")) == pixels(alone)
    assert scores_of(tmp_path / "run") == sorted(alone.scores, key=repr)
    assert max(given(tmp_path)) > 1


@pytest.mark.parametrize("size", ["0", "-1", "1025", "99999999999999", "1.5", "1_0", "many", ""])
def test_a_batch_of_no_size_is_refused_before_anything_runs(
    command_line: Callable[..., tuple[int, str, str]], tmp_path: Path, size: str
) -> None:
    arguments = ("-b", "quickstart", "--out", tmp_path / "run", "--batch", size)
    code, _, err = command_line("run", *arguments)
    assert code == 2
    assert "--batch" in err
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(sandbox.version() < 3, reason="this kernel has no Landlock that can do it")
def test_in_a_sandbox_as_well(
    tmp_path: Path, alone: RunData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "_hidden", [])
    sandbox.hide([cache_folder(), tmp_path / "run"])
    plan = plan_of("Batched", tmp_path)
    (tmp_path / "marks").unlink()
    run_plan(plan, tmp_path / "run", workers=1, batch=4)
    data = load_run(tmp_path / "run")
    assert pixels(data) == pixels(alone)
    assert max(item.spent.batch for item in data.restored) == 4


def test_a_huge_batch_is_all_images_of_a_size(tmp_path: Path, alone: RunData) -> None:
    run_plan(plan_of("Batched", tmp_path), tmp_path / "run", workers=1, batch=MOST)
    assert given(tmp_path) == [6, 6, 1]
    assert pixels(load_run(tmp_path / "run")) == pixels(alone)
