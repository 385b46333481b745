"""The planner: what goes out, what comes in, what is refused, what is lost."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from misbehaving import TinySet
from plans import Watcher, count, counting, plan_of, scores_of

from harness.distributing import handshake
from harness.distributing import job as job_module
from harness.distributing.chunking import Chunking
from harness.distributing.engines import build_executor, check_executor
from harness.distributing.job import Job
from harness.distributing.jobs import Sent
from harness.distributing.node import ChunkResult, _Told
from harness.distributing.parts import whole_part
from harness.distributing.runner import run_on
from harness.distributing.tasks import ChunkTask, How
from harness.errors import IncomparableError, InputError, UnavailableError, UnknownNameError
from harness.executors.local import LocalExecutor
from harness.protocols import Benchmark, Evaluation
from harness.protocols.executor import Chunk, LostError, Ran
from harness.results import Failure, FailureKind
from harness.running.plan import make_plan
from harness.running.runner import run_plan
from harness.storage.store import Store, load_run

TWO = How(workers=2)


def test_scores_are_those_of_one_process(tmp_path: Path) -> None:
    plan, watcher = plan_of("misbehaving:Halves", 9), Watcher()
    run_plan(plan, tmp_path / "one", workers=1)
    run_on(LocalExecutor(""), plan, tmp_path / "many", TWO, watcher)
    assert scores_of(tmp_path / "many") == scores_of(tmp_path / "one")
    one, many = (load_run(tmp_path / name).run.plan for name in ("one", "many"))
    assert one.sets == many.sets
    assert watcher.cells.total() == len(watcher.cells) == 9


def test_a_second_run_restores_nothing_and_a_new_metric_calls_no_restorer(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    plan = plan_of(counting(marks), 4, size=80)
    run_on(LocalExecutor(""), plan, tmp_path / "run", TWO)
    again = run_on(LocalExecutor(""), plan, tmp_path / "run", TWO)
    assert (again.restored, again.scored, count(marks)) == (0, 0, 4)
    [tiny] = plan.sets
    more = make_plan(
        Benchmark("test", "", (tiny,), ("psnr", "ssim"), Evaluation("rgb")), [counting(marks)]
    )
    again = run_on(LocalExecutor(""), more, tmp_path / "run", TWO)
    assert (again.restored, again.scored, count(marks)) == (0, 4, 4)
    assert {score.metric for score in scores_of(tmp_path / "run")} == {"psnr", "ssim"}


@pytest.mark.parametrize("on_nodes", [False, True], ids=["here", "on nodes"])
def test_what_another_metric_failed_with_stays(tmp_path: Path, on_nodes: bool) -> None:
    """A start that does not ask for the metric makes its mean no better."""
    plan, run = plan_of("misbehaving:Good", 2), tmp_path / "run"
    run_plan(plan, run)
    failure = Failure(load_run(run).restored[0].cell, FailureKind.METRIC, "no", "niqe")
    with Store(run, create=True) as store:
        store.add_failure(failure)
    benchmark = Benchmark("test", "", tuple(plan.sets), ("ssim",), Evaluation("rgb"))
    other = make_plan(benchmark, ["misbehaving:Good"])
    if on_nodes:
        run_on(LocalExecutor(""), other, run, TWO)
    else:
        run_plan(other, run)
    data = load_run(run)
    assert data.failures == (failure,)
    assert {score.metric for score in data.scores} == {"psnr", "ssim"}


def test_failures_come_back_as_rows_each_of_its_kind(tmp_path: Path) -> None:
    tiny = TinySet(images=("a", "corrupt"))
    texts = [f"misbehaving:{name}" for name in ("Good", "Raises", "KillsItself")]
    plan = make_plan(Benchmark("test", "", (tiny,), ("psnr",), Evaluation("rgb")), texts)
    run_plan(plan, tmp_path / "one")
    run_on(LocalExecutor(""), plan, tmp_path / "many", TWO)
    one, many = (load_run(tmp_path / name) for name in ("one", "many"))
    assert {(item.cell, item.kind) for item in one.failures} == {
        (item.cell, item.kind) for item in many.failures
    }
    assert len(many.failures) == 5


def test_a_node_that_does_not_see_the_run_folder_sends_its_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(**told: Any) -> ChunkTask:
        return replace(ChunkTask(**told), token="another's")  # noqa: S106

    monkeypatch.setattr(job_module, "ChunkTask", elsewhere)
    plan = plan_of("misbehaving:Good", 3)
    run_on(LocalExecutor(""), plan, tmp_path / "run", TWO)
    assert len(scores_of(tmp_path / "run")) == 3
    assert all(
        (tmp_path / "run" / item.path).is_file() for item in load_run(tmp_path / "run").restored
    )
    assert run_plan(plan, tmp_path / "run").restored == 0


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("version of numpy", "version of numpy is .* here, and 0.1 where the plan was made"),
        ("version of Python", "version of Python"),
        ("restorer Good", "restorer Good is tree1"),
        ("metric psnr", "metric psnr is tree1"),
        ("pixels of tiny/i000", "pixels of tiny/i000"),
        ("version of nothing", "version of nothing is unknown here"),
        ("code of restobench", "code of restobench is .* here, and 0.1 where"),
    ],
)
def test_a_node_that_differs_is_refused_by_name_of_the_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str, message: str
) -> None:
    expect = job_module.expect

    def other(*told: Any) -> dict[str, str]:
        return {**expect(*told), field: "0.1"}

    monkeypatch.setattr(job_module, "expect", other)
    with pytest.raises(IncomparableError, match=message):
        run_on(LocalExecutor(""), plan_of("misbehaving:Good", 2), tmp_path / "run", TWO)
    assert not load_run(tmp_path / "run").failures


@pytest.mark.parametrize("changed", ["restorer", "metric"])
def test_results_of_code_that_has_changed_since_are_handed_over_again(
    tmp_path: Path, changed: str
) -> None:
    plan = plan_of("misbehaving:Halves", 2)
    [restorer], [tiny] = plan.restorers, plan.sets
    run_plan(plan, tmp_path / "run", workers=1)
    with Store(tmp_path / "run") as store:
        part = whole_part(store)
    if changed == "restorer":
        old = replace(part, cells=tuple((*row[:3], "OLD", *row[4:]) for row in part.cells))
    else:
        old = replace(part, scores=tuple((*row[:4], "OLD", *row[5:]) for row in part.scores))
    assert len(old.done()) == 2
    job: Any = SimpleNamespace(
        plan=plan,
        executor=SimpleNamespace(durable=True),
        jobs=SimpleNamespace(read=lambda *_, **__: ChunkResult(old)),
        receiver=SimpleNamespace(take=lambda result: result.part.done()),
        chunking=Chunking.of({restorer.name: []}, 1.0, 1),
        progress=Watcher(),
        lost=Counter(),
        start="now",
        _forget=lambda _: None,
    )
    job._current = partial(Job._current, job)
    job._again = partial(Job._again, job)
    where = tuple((tiny.name, image) for image in plan.ids[tiny.name])
    sent = Sent("chunk", restorer.name, where)
    for come_back in (
        lambda: Job._receive(job, sent, ChunkResult(old)),
        lambda: Job._lose(job, sent, "killed"),
    ):
        come_back()
        assert job.chunking.take() == (restorer.name, list(where))
    Job._receive(job, sent, ChunkResult(part))
    assert job.chunking.take() is None
    Job._receive(job, replace(sent, name="now-00001"), ChunkResult(old))
    assert job.chunking.take() is None, "this start knows what it has handed over"


def test_without_a_cache_nothing_is_begun_and_a_node_takes_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, path = plan_of("misbehaving:Good", 1), list(sys.path)
    monkeypatch.setenv("RESTOBENCH_IMAGE_CACHE", "/dev/null/images")
    monkeypatch.setattr(sys, "path", path)  # it is given the folder of the user
    with pytest.raises(InputError, match="cache of images /dev/null/images cannot be made"):
        run_on(LocalExecutor(""), plan, tmp_path / "run", TWO)
    assert not (tmp_path / "run").exists()
    difference, _ = handshake.examine(plan, {}, "")
    assert "cache of images /dev/null/images cannot be made" in difference


def test_checkouts_of_one_release_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "distributing").mkdir()
    monkeypatch.setattr(handshake, "__file__", str(tmp_path / "distributing" / "handshake.py"))
    (tmp_path / "images.py").write_text("LUMA = 65.481\n")
    before = handshake.code_here.__wrapped__()
    assert handshake.code_here.__wrapped__() == before
    (tmp_path / "images.py").write_text("LUMA = 65.0\n")
    assert handshake.code_here.__wrapped__() != before


class Loses(LocalExecutor):
    """Loses each chunk so many times."""

    times = 2

    def submit(self, chunks: Sequence[Chunk]) -> Sequence[Future[Ran]]:
        if self.times < 1:
            return super().submit(chunks)
        self.times -= 1
        found = [Future[Ran]() for _ in chunks]
        for future in found:
            future.set_exception(LostError("the node burns"))
        return found


@pytest.mark.parametrize(("times", "lost"), [(2, 0), (99, 3)])
def test_what_is_lost_is_tried_twice_more_and_then_a_failure(
    tmp_path: Path, times: int, lost: int
) -> None:
    executor, watcher = Loses(""), Watcher()
    executor.times = times
    summary = run_on(executor, plan_of("misbehaving:Good", 3), tmp_path / "run", TWO, watcher)
    failures = load_run(tmp_path / "run").failures
    assert [item.kind for item in failures] == lost * [FailureKind.LOST]
    assert all("the node burns" in item.message for item in failures)
    assert summary.restored == 3 - lost
    assert watcher.cells.total() == len(watcher.cells) == 3


class Foreign(LocalExecutor):
    """Has nodes without this program."""

    def submit(self, chunks: Sequence[Chunk]) -> Sequence[Future[Ran]]:
        found = [Future[Ran]() for _ in chunks]
        for future in found:
            future.set_exception(ModuleNotFoundError("No module named 'harness'"))
        return found


def test_nodes_without_the_program_are_told_from_nodes_that_die(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another version of restobench, or lacks a module"):
        run_on(Foreign(""), plan_of("misbehaving:Good", 1), tmp_path / "run")
    assert not load_run(tmp_path / "run").failures


def test_a_job_takes_no_cell_that_it_has_no_time_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path, create=True) as store:
        task: Any = SimpleNamespace(result=None)
        node: Any = SimpleNamespace(over=Future(), host={})
        told = _Told(store, task, node)
        courses: list[Any] = list(range(5))
        assert list(told.until_the_end(iter(courses))) == courses, "no end is known"
        monkeypatch.setenv("SLURM_JOB_END_TIME", "1000000")
        monkeypatch.setattr("harness.distributing.node.time.time", lambda: 999_000.0)
        assert list(told.until_the_end(iter(courses))) == courses
        monkeypatch.setattr("harness.distributing.node.time.time", lambda: 999_975.0)
        assert list(told.until_the_end(iter(courses))) == []
        monkeypatch.delenv("SLURM_JOB_END_TIME")
        node.over.set_result(None)
        assert list(told.until_the_end(iter(courses))) == [], "nobody waits for it"


class OutOfTime(LocalExecutor):
    """Ends the first chunk's job after two cells."""

    ended = False

    def submit(self, chunks: Sequence[Chunk]) -> Sequence[Future[Ran]]:
        found = list(super().submit(chunks))
        if not self.ended:
            self.ended = True
            result: ChunkResult = found[0].result().value
            part = replace(result.part, cells=result.part.cells[:2], scores=result.part.scores[:2])
            cut: Future[Ran] = Future()
            cut.set_result(Ran("here", replace(result, part=part)))
            found[0] = cut
        return found


def test_what_a_job_had_no_time_for_is_handed_over_again(tmp_path: Path) -> None:
    watcher = Watcher()
    run_on(OutOfTime(""), plan_of("misbehaving:Good", 4), tmp_path / "run", TWO, watcher)
    assert len(scores_of(tmp_path / "run")) == 4
    assert watcher.cells.total() == len(watcher.cells) == 4


def test_metrics_of_sets_are_measured_here_and_missed_by_collect(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command_line: Callable[..., tuple[int, str, str]],
) -> None:
    plan, run = plan_of("misbehaving:Good", 1), tmp_path / "run"
    run_plan(plan, run)
    told: list[Any] = []
    monkeypatch.setattr("harness.distributing.runner.finish", lambda *given: told.append(given))
    monkeypatch.setattr("harness.workers.devices._has_driver", lambda: False)
    on_gpus = replace(plan, device="cuda:0", set_metrics=("fid",))
    run_on(LocalExecutor(""), on_gpus, run, How(timeout=7.0), text="local")
    [(_, _, measured, _, timeout, _)] = told
    assert (measured.device, timeout) == ("cpu", 7.0), "there is no GPU here"
    code, out, err = command_line("collect", run)
    assert (code, "complete" in out) == (3, False)
    assert "metrics of sets are measured by the same `run`: fid" in err


def test_executors_are_found_by_name_and_say_what_they_lack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(build_executor("local"), LocalExecutor)
    with pytest.raises(UnknownNameError, match="Did you mean slurm"):
        build_executor("slrm:cluster.toml")
    with pytest.raises(InputError, match="takes nothing after it"):
        build_executor("local:4")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(UnavailableError, match=r"pip install 'restobench\[dask\]'"):
        build_executor("dask:tcp://127.0.0.1:8786")
    with pytest.raises(UnavailableError, match=r"pip install 'restobench\[slurm\]'"):
        build_executor(f"slurm:{tmp_path}/cluster.toml")


def test_this_machine_keeps_the_contract_of_executors(tmp_path: Path) -> None:
    checks = list(check_executor("local", tmp_path))
    assert [item for item in checks if not item.passed] == []


def test_detaching_is_for_engines_that_go_on_by_themselves(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--detach"):
        run_on(LocalExecutor(""), plan_of("misbehaving:Good", 1), tmp_path / "run", detach=True)
