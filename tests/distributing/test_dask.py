"""A real Dask: a scheduler and three workers in processes of their own."""

from __future__ import annotations

import gc
import json
import signal
import threading
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from clusters import Dask, dask_cluster, wait_until
from plans import Watcher, count, counting, plan_of, scores_of

from harness.distributing.engines import check_executor
from harness.distributing.runner import run_on
from harness.distributing.tasks import How
from harness.errors import InputError
from harness.executors.dask import DaskExecutor
from harness.results import FailureKind
from harness.running.runner import run_plan
from harness.storage.store import load_run

pytest.importorskip("distributed")
ONE = How(workers=1)


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    with dask_cluster(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


def test_scores_are_those_of_one_process(tmp_path: Path, dask: Dask) -> None:
    plan = plan_of("misbehaving:Halves", 40)
    run_plan(plan, tmp_path / "one", workers=1)
    summary = run_on(DaskExecutor(str(dask.file)), plan, tmp_path / "many", ONE)
    assert (summary.restored, summary.scored, summary.failures) == (40, 40, 0)
    assert scores_of(tmp_path / "many") == scores_of(tmp_path / "one")
    one, many = (load_run(tmp_path / name) for name in ("one", "many"))
    assert one.samples == many.samples
    assert one.run.plan.sets["tiny"] == many.run.plan.sets["tiny"]
    assert (many.run.status, len(many.restored)) == ("finished", 40)
    for image in many.restored:
        assert (tmp_path / "many" / image.path).is_file()


def test_a_restorer_that_kills_itself_is_a_row(tmp_path: Path, dask: Dask) -> None:
    run_on(DaskExecutor(str(dask.file)), plan_of("misbehaving:KillsItself", 2), tmp_path, ONE)
    assert [item.kind for item in load_run(tmp_path).failures] == 2 * [FailureKind.CRASHED]
    assert all(worker.poll() is None for worker in dask.workers)


def test_a_killed_worker_loses_no_cell_and_none_comes_twice(tmp_path: Path, dask: Dask) -> None:
    plan = plan_of(counting(tmp_path / "marks", sleep=0.1), 60, size=80)
    doomed = dask.add_worker("--no-nanny")
    watcher = Watcher(doomed.kill)
    executor = DaskExecutor(str(dask.file))
    executor.chunk_seconds = 1.0
    run_on(executor, plan, tmp_path / "run", ONE, watcher)
    assert doomed.wait(20) == -signal.SIGKILL
    assert len(scores_of(tmp_path / "run")) == 60
    assert watcher.cells.total() == len(watcher.cells) == 60


def test_ctrl_c_ends_chunks_at_once_and_the_workers_are_free(tmp_path: Path, dask: Dask) -> None:
    marks = tmp_path / "marks"
    plan = plan_of(counting(marks, sleep=1000.0), 12, size=80)

    def interrupt() -> None:
        wait_until(lambda: count(marks) > 0, "a worker restores")
        interrupt_main()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_on(DaskExecutor(str(dask.file)), plan, tmp_path / "run", ONE)
    thread.join()
    assert not _restoring(dask)
    from distributed import Client

    with Client(scheduler_file=str(dask.file), set_as_default=False) as client:
        wait_until(lambda: not any(client.processing().values()), "no chunk is left")
        wait_until(lambda: not any(client.call_stack().values()), "no thread is at work")
    run_on(DaskExecutor(str(dask.file)), plan_of("misbehaving:Good", 3), tmp_path / "next", ONE)
    assert len(scores_of(tmp_path / "next")) == 3


def _restoring(dask: Dask) -> list[psutil.Process]:
    """Workers of ours: the children of servers, which have a guard above them."""
    alive = [psutil.Process(worker.pid) for worker in dask.workers if worker.poll() is None]
    guards = [guard for worker in alive for guard in worker.children()]
    servers = [server for guard in guards for server in guard.children()]
    return [restoring for server in servers for restoring in server.children()]


def test_a_scheduler_that_dies_ends_the_run_with_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    plan = plan_of(counting(tmp_path / "marks", sleep=0.1), 24, size=80)
    with dask_cluster(tmp_path, workers=1) as cluster:
        executor = DaskExecutor(str(cluster.file))
        executor.chunk_seconds = 1.0
        with pytest.raises(InputError, match="is gone"):
            run_on(executor, plan, tmp_path / "run", ONE, Watcher(cluster.scheduler.kill))
    assert "Traceback" not in capfd.readouterr().err
    assert run_plan(plan, tmp_path / "run").restored < 24, "what had come back is kept"


def test_costs_say_how_many_may_have_been_at_work_beside(tmp_path: Path, dask: Dask) -> None:
    run_on(DaskExecutor(str(dask.file)), plan_of("misbehaving:Good", 3), tmp_path, ONE)
    data = load_run(tmp_path)
    workers = sum(worker.poll() is None for worker in dask.workers)
    assert {image.spent.beside for image in data.restored} == {workers - 1}
    [host] = {image.spent.host for image in data.restored}
    assert data.run.hosts()[str(host)]["processor"] == data.run.environment["processor"]


def test_a_worker_that_may_have_no_children_is_refused_with_advice(tmp_path: Path) -> None:
    plan = plan_of("misbehaving:Good", 3)
    with (
        dask_cluster(tmp_path, workers=1, nanny=True) as cluster,
        pytest.raises(InputError, match="--no-nanny"),
    ):
        run_on(DaskExecutor(str(cluster.file)), plan, tmp_path / "run")


def test_it_keeps_the_contract_of_executors(tmp_path: Path, dask: Dask) -> None:
    checks = list(check_executor(f"dask:{dask.file}", tmp_path))
    assert [item for item in checks if not item.passed] == []
    assert len(checks) == 6


@pytest.mark.parametrize(
    "content",
    [
        b"cpus = 4\n", b"\x89PNG\r\n\x1a\n\x00\xff", b"", b"{}", b"[]", b"null", b"[" * 100_000,
        b'{"address": 8786}', b'{"address": "here"}',
    ],
)  # fmt: skip
def test_a_file_that_is_no_schedulers_is_said(
    tmp_path: Path, content: bytes, command_line: Callable[..., tuple[int, str, str]]
) -> None:
    (tmp_path / "wrong.json").write_bytes(content)
    arguments = ("run", "-b", "quickstart", "-r", "bicubic", "-m", "psnr", "--limit", "1")
    engine = ("--executor", f"dask:{tmp_path / 'wrong.json'}", "--out", tmp_path / "run")
    code, _, err = command_line(*arguments, *engine)
    assert code == 2
    [line] = [line for line in err.splitlines() if line.startswith("error:")]
    assert "wrong.json is no file of a Dask scheduler" in line


class ConnectedError(Exception):
    """Raised where a connection would be made."""


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(where: str) -> None:
        raise ConnectedError(where)

    monkeypatch.setattr("harness.executors.dask._connect", connect)


@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.5:8786", "tcp://scheduler:8786", "ws://[fe80::1]:8786", "tcp://["]
)
@pytest.mark.usefixtures("connect")
def test_a_scheduler_that_others_can_reach_is_refused_without_tls(
    address: str, tmp_path: Path
) -> None:
    """Before anything is sent, unless the user has told Dask otherwise."""
    from dask import config

    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps({"address": address}))
    for argument in (address, str(file)):
        with pytest.raises(InputError, match="REQUIRE_ENCRYPTION=False"):
            DaskExecutor(argument).open(tmp_path)
        allowed = config.set({"distributed.comm.require-encryption": False})
        with allowed, pytest.raises(ConnectedError):
            DaskExecutor(argument).open(tmp_path)


@pytest.mark.parametrize(
    "address", ["tls://10.0.0.5:8786", "tcp://127.0.0.1:8786", "tcp://[::1]:1", "tcp://localhost:1"]
)
@pytest.mark.usefixtures("connect")
def test_tls_and_this_machine_are_not_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConnectedError):
        DaskExecutor(address).open(tmp_path)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("", "needs the scheduler's address"),
        ("no-such.json", "no such file, and no address"),
        ("tcp://127.0.0.1:1", "no Dask scheduler answers"),
        ("tcp://127.0.0.1:99999", "no Dask scheduler answers"),
        ("tcp://127.0.0.1:port", "no Dask scheduler answers"),
        ("tcp://", "no Dask scheduler answers"),
        ("ftp://127.0.0.1:1", "no Dask scheduler answers"),
        ("tls://127.0.0.1:1", "no Dask scheduler answers"),
    ],
)
def test_what_is_no_scheduler_is_said(
    tmp_path: Path, argument: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.executors.dask.CONNECT_SECONDS", 1.0)
    with pytest.raises(InputError, match=message):
        DaskExecutor(argument).open(tmp_path)


def test_a_client_that_failed_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It closes itself when it is collected: in the next one's thread, which would wait for it."""
    from distributed import Client

    def clients() -> int:
        return sum(isinstance(item, Client) for item in gc.get_objects())

    monkeypatch.setattr("harness.executors.dask.CONNECT_SECONDS", 0.5)
    gc.collect()
    gc.disable()
    try:
        before = clients()
        with pytest.raises(InputError):
            DaskExecutor("tcp://127.0.0.1:1").open(tmp_path)
        assert clients() == before
    finally:
        gc.enable()
