"""A real Slurm: munge, slurmctld and three slurmd, started and ended here."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest
from clusters import Slurm, end_tree, no_slurm, slurm_cluster, variables, wait_until
from plans import Watcher, count, counting, plan_of, scores_of

from harness.distributing.engines import build_executor
from harness.distributing.runner import run_on
from harness.executors import slurm as slurm_module
from harness.executors.slurm import SlurmExecutor
from harness.results import FailureKind
from harness.running.runner import run_plan
from harness.storage.store import load_run

pytest.importorskip("submitit")
pytestmark = pytest.mark.skipif(bool(no_slurm()), reason=no_slurm() or "-")


@pytest.fixture(scope="module")
def slurm() -> Iterator[Slurm]:
    with slurm_cluster() as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, slurm: Slurm) -> None:  # noqa: ARG001  # first
    monkeypatch.setattr(slurm_module, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(slurm_module, "QUEUE_SECONDS", 1.0)
    monkeypatch.setattr(slurm_module, "SOON_SECONDS", 0.5)
    monkeypatch.setenv("PYTHONPATH", variables()["PYTHONPATH"])


@pytest.fixture
def executor(tmp_path: Path) -> SlurmExecutor:
    return executor_of(tmp_path)


def executor_of(folder: Path, **more: object) -> SlurmExecutor:
    said = {"cpus": 1, "memory": "1000M", "chunk_seconds": 100, "cell_seconds": 1.0} | more
    lines = [f"{name} = {json.dumps(value)}" for name, value in said.items()]
    (folder / "cluster.toml").write_text("\n".join(lines))
    return SlurmExecutor(str(folder / "cluster.toml"))


def test_scores_are_those_of_one_process(tmp_path: Path, executor: SlurmExecutor) -> None:
    plan = plan_of("misbehaving:Halves", 30)
    run_plan(plan, tmp_path / "one", workers=1)
    summary = run_on(executor, plan, tmp_path / "many")
    assert (summary.restored, summary.scored, summary.failures) == (30, 30, 0)
    assert scores_of(tmp_path / "many") == scores_of(tmp_path / "one")
    one, many = (load_run(tmp_path / name) for name in ("one", "many"))
    assert one.samples == many.samples
    assert one.run.plan.sets["tiny"] == many.run.plan.sets["tiny"]
    assert {image.spent.beside for image in many.restored} == {None}, "who else is there?"
    jobs = tmp_path / "many" / "jobs"
    assert list((jobs / "slurm").glob("*_submission.sh"))
    assert list((jobs / "slurm").glob("*_log.out"))
    for log in (jobs / "slurm").glob("*_log.err"):
        assert "Traceback" not in log.read_text(), "a job has ended cleanly"
    assert not list((jobs / "parts").iterdir()), "all was taken in"


def test_a_restorer_that_kills_itself_is_a_row_and_is_not_tried_again(
    tmp_path: Path, executor: SlurmExecutor
) -> None:
    run_on(executor, plan_of("misbehaving:KillsItself", 2), tmp_path / "run")
    failures = load_run(tmp_path / "run").failures
    assert [(item.kind, item.cell.image) for item in failures] == [
        (FailureKind.CRASHED, "i000"),
        (FailureKind.CRASHED, "i001"),
    ]


def test_a_job_that_dies_without_a_result_is_tried_again_and_then_a_failure(
    tmp_path: Path, slurm: Slurm
) -> None:
    executor = executor_of(tmp_path, setup=["echo the disk is full >&2", "exit 1"])
    watcher = Watcher()
    run_on(executor, plan_of("misbehaving:Good", 3), tmp_path / "run", progress=watcher)
    failures = load_run(tmp_path / "run").failures
    assert {item.kind for item in failures} == {FailureKind.LOST}
    assert len(failures) == len(watcher.cells) == watcher.cells.total() == 3
    assert "lost 3 times" in failures[0].message
    assert "the disk is full" in failures[0].message
    wait_until(lambda: not slurm.running(), "no job is left")
    summary = run_on(executor_of(tmp_path), plan_of("misbehaving:Good", 3), tmp_path / "run")
    assert (summary.restored, summary.failures) == (3, 0), "the same run mends it"


def test_a_job_that_cannot_begin_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slurm_module, "QUEUE_SECONDS", 1000.0)
    executor, watcher = executor_of(tmp_path, python="/nosuch/python"), Watcher()
    run_on(executor, plan_of("misbehaving:Good", 3), tmp_path / "run", progress=watcher)
    told = [line for line in watcher.notes if "has ended before it began" in line]
    assert len(told) == 3
    assert all("/nosuch/python: No such file" in line for line in told)
    assert {item.kind for item in load_run(tmp_path / "run").failures} == {FailureKind.LOST}


def test_a_requeued_job_goes_on_where_it_was(tmp_path: Path, slurm: Slurm) -> None:
    plan, marks = plan_of(counting(tmp_path / "marks", sleep=0.3), 40, size=80), tmp_path / "marks"
    executor = executor_of(tmp_path, chunk_seconds=1000)
    watcher = Watcher()

    def requeue() -> None:
        wait_until(lambda: count(marks) > 12, "a job restores")
        [(job, _)] = slurm.running()
        slurm.call("scontrol", "requeue", job)
        wait_until(lambda: not slurm.running(), "it has left its node")
        wait_until(lambda: _let_start(slurm) or slurm.running(), "it starts again")

    thread = Thread(target=requeue)
    thread.start()
    run_on(executor, plan, tmp_path / "run", progress=watcher)
    thread.join()
    assert len(scores_of(tmp_path / "run")) == 40
    assert watcher.cells.total() == len(watcher.cells) == 40
    assert 40 < count(marks) < 46, "what was kept is not restored again"


def _let_start(slurm: Slurm) -> None:
    """Requeued jobs would wait for a while: they need not."""
    for job in slurm.call("squeue", "--noheader", "--array", "--format=%i").split():
        with suppress(subprocess.CalledProcessError):
            slurm.call("scontrol", "update", f"JobId={job}", "StartTime=now")


def _nothing_waits(slurm: Slurm) -> bool:
    return not slurm.call("squeue", "--noheader", "--states=PD", "--format=%i")


def test_a_killed_node_loses_no_cell(tmp_path: Path, slurm: Slurm) -> None:
    plan, marks = plan_of(counting(tmp_path / "marks", sleep=0.2), 24, size=80), tmp_path / "marks"
    executor = executor_of(tmp_path, chunk_seconds=80)
    watcher, killed = Watcher(), list[str]()

    def kill() -> None:
        wait_until(lambda: count(marks) > 4 and slurm.running(), "a job restores")
        _, node = slurm.running()[0]
        killed.append(node)
        end_tree(slurm.nodes[node].pid, slurm.folder / f"spool-{node}")
        wait_until(lambda: node not in dict(map(reversed, slurm.running())), "it is missed")
        slurm.start_node(node)
        wait_until(lambda: _let_start(slurm) or _nothing_waits(slurm), "all may start")

    thread = Thread(target=kill)
    thread.start()
    run_on(executor, plan, tmp_path / "run", progress=watcher)
    thread.join()
    assert killed
    assert len(scores_of(tmp_path / "run")) == 24
    assert watcher.cells.total() == len(watcher.cells) == 24


def test_detached_jobs_are_collected(
    tmp_path: Path, slurm: Slurm, command_line: Callable[..., tuple[int, str, str]]
) -> None:
    executor_of(tmp_path)
    text = f"slurm:{tmp_path / 'cluster.toml'}"
    plan, run = plan_of("misbehaving:Halves", 20), tmp_path / "run"
    run_on(build_executor(text), plan, run, text=text, detach=True)
    code, out, _ = command_line("collect", run)
    assert code == 3
    assert "0 of 20 cells are there" in out
    assert "jobs that wait or run: 2" in out
    wait_until(lambda: not slurm.call("squeue", "--noheader"), "the jobs end")
    code, out, err = command_line("collect", run)
    assert "[0/20] looking for what is done" in err
    assert "[20/20] " in err
    assert "left;" not in err, "all came at once: it says nothing of a rate"
    assert (code, load_run(run).run.status) == (0, "finished")
    assert "20 of 20 cells are there, 0 failures" in out
    run_plan(plan, tmp_path / "one", workers=1)
    assert scores_of(run) == scores_of(tmp_path / "one")
    one, many = (load_run(tmp_path / name).run.plan for name in ("one", "run"))
    assert one.sets == many.sets


def test_ctrl_c_ends_the_jobs_of_this_run_alone_and_it_can_go_on(
    tmp_path: Path, slurm: Slurm
) -> None:
    other = slurm.call("sbatch", "--parsable", "--hold", "--wrap=true").strip()
    plan = plan_of(counting(tmp_path / "marks", sleep=0.2), 24, size=80)

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_on(
            executor_of(tmp_path, chunk_seconds=40),
            plan,
            tmp_path / "run",
            progress=Watcher(interrupt),
        )

    def left() -> list[str]:
        return slurm.call("squeue", "--noheader", "--format=%i").split()

    wait_until(lambda: left() == [other], "the run's jobs are ended, and another's is left")
    slurm.call("scancel", other)
    run_on(executor_of(tmp_path), plan, tmp_path / "run")
    assert len(scores_of(tmp_path / "run")) == 24


def test_a_dry_run_prints_chunks_and_the_script(
    tmp_path: Path, command_line: Callable[..., tuple[int, str, str]]
) -> None:
    more = {"partition": "all", "time": "2:00:00", "gpus": "a100:1", "exclusive": True}
    executor_of(tmp_path, chunk_seconds=20, **more)
    arguments = ("run", "-b", "quickstart", "-r", "bicubic", "--set", "photos-x2", "-m", "psnr")
    engine = ("--executor", f"slurm:{tmp_path / 'cluster.toml'}", "--out", tmp_path / "run")
    code, out, _ = command_line(*arguments, *engine, "--dry-run")
    assert code == 0
    assert not (tmp_path / "run").exists()
    for line in ("--partition=all", "--gpus-per-node=a100:1", "--exclusive", "--mem=1000M"):
        assert f"#SBATCH {line}" in out
    assert re.search(r"#SBATCH --array=0-\d+%\d+", out)
    assert "device cuda:0" in out
    assert f"#SBATCH --output={tmp_path}/run/jobs/slurm/" in out


def test_what_sbatch_refuses_is_said_once(
    tmp_path: Path, command_line: Callable[..., tuple[int, str, str]]
) -> None:
    executor_of(tmp_path, partition="nosuch")
    arguments = ("run", "-b", "quickstart", "-r", "bicubic", "--set", "photos-x2", "-m", "psnr")
    engine = ("--executor", f"slurm:{tmp_path / 'cluster.toml'}", "--out", tmp_path / "run")
    code, _, err = command_line(*arguments, *engine, "--limit", 1)
    assert code == 2
    assert err.count("invalid partition") == 1
