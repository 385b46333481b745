"""What a run leaves behind when it is killed, and what a worker leaves when it dies: nothing."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from harness.results import FailureKind
from harness.workers import guard
from harness.workers.guard import LOCK, make_scratch, remove_scratch
from harness.workers.pool import Trouble, WorkerPool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the guard")

RUN = """
import sys; sys.path.insert(0, {folder!r})
from harness.workers.pool import WorkerPool
import stubborn
if __name__ == "__main__":
    with WorkerPool(1, private=True) as pool:
        pool.run(getattr(stubborn, sys.argv[1]), sys.argv[2], timeout=600)
"""

LEFT_OPEN = """
import os, sys, time
from harness.workers.guard import scratch
from harness.workers.pool import WorkerPool
if __name__ == "__main__":
    pool = WorkerPool(1)
    ended = pool.submit(os.getpid, timeout=600)
    if sys.argv[1] == "is dying":
        ended = pool.submit(os._exit, 3, timeout=600)
    ended.exception()
    if sys.argv[1] == "is busy":
        pool.submit(time.sleep, 600, timeout=600)
    print(scratch())
"""

STUBBORN = """
import ctypes, multiprocessing, os, signal, subprocess, sys, tempfile, time

def note(marks, pid):
    with open(marks, "a") as file:
        file.write(f"{pid}\\n")

def holds_the_gil(marks):
    note(marks, os.getpid())
    ctypes.PyDLL(None).sleep(600)

def has_closed_its_descriptors(marks):
    note(marks, os.getpid())
    os.closerange(0, 256)
    time.sleep(600)

def ignores_signals(marks):
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    note(marks, os.getpid())
    while True:
        time.sleep(600)

def waits_for_a_command(marks):
    tempfile.mkdtemp()
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    note(marks, child.pid)
    child.wait()

def has_a_daemon(marks):
    daemonise(marks)
    time.sleep(600)

def daemonise(marks):
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            note(marks, os.getpid())
            time.sleep(600)
        os._exit(0)
    os.waitpid(child, 0)

def uses_multiprocessing(marks):
    manager = multiprocessing.Manager()
    lock = multiprocessing.Lock()
    note(marks, manager._process.pid)
    time.sleep(600)
"""
WAYS = (
    "holds_the_gil", "has_closed_its_descriptors", "ignores_signals", "waits_for_a_command",
    "has_a_daemon", "uses_multiprocessing",
)  # fmt: skip


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 100
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def noted(marks: Path) -> list[int]:
    return [int(pid) for pid in marks.read_text().split()] if marks.exists() else []


@pytest.mark.parametrize("killed", ["parent", "group"])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_outlives_a_killed_run(way: str, killed: str, tmp_path: Path) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    (tmp_path / "run.py").write_text(RUN.format(folder=str(tmp_path)))
    # with a long name, for the kernel limits those of sockets below it
    temporary, marks = tmp_path / ("long" * 20), tmp_path / "marks"
    temporary.mkdir()
    command = [sys.executable, str(tmp_path / "run.py"), way, str(marks)]
    with (tmp_path / "output").open("wb") as output:
        run = subprocess.Popen(
            command,
            env=os.environ | {"TMPDIR": str(temporary)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    assert wait_until(lambda: bool(noted(marks)))
    [scratch] = temporary.iterdir()
    if killed == "group":
        os.killpg(run.pid, signal.SIGKILL)
    else:
        run.kill()
    try:  # and nobody has asked after it: it is a zombie
        assert wait_until(lambda: not any(map(is_alive, noted(marks))))
        assert wait_until(lambda: not list(temporary.iterdir()))
        assert not list(Path("/dev/shm").glob(f"sem.{scratch.name}-*"))
        assert not Path("/tmp", scratch.name).is_symlink()
    finally:
        run.wait()
    assert (tmp_path / "output").read_text() == "", "the terminal hears nothing of it"


def test_a_daemon_dies_with_its_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    monkeypatch.syspath_prepend(tmp_path)
    marks = tmp_path / "marks"
    import stubborn  # type: ignore[import-not-found]

    with WorkerPool(1, private=True) as pool:
        found = pool.run(stubborn.has_a_daemon, str(marks), timeout=2)
        assert isinstance(found, Trouble)
        assert found.kind is FailureKind.TIMEOUT
        assert wait_until(lambda: not any(map(is_alive, noted(marks))))
        assert pool.run(stubborn.daemonise, str(marks), timeout=10) is None
        assert pool.run(abs, -1, timeout=10) == 1
        assert is_alive(noted(marks)[-1]), "while the worker lives, it may be of use"
    assert wait_until(lambda: not any(map(is_alive, noted(marks))))
    assert len(noted(marks)) == 2


def test_folders_of_dead_runs_are_removed_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("restobench-dead", "restobench-alive", "restobench-other", "elsewhere"):
        (tmp_path / name / "14").mkdir(parents=True)
    for name in ("restobench-dead", "restobench-alive", "elsewhere"):
        (tmp_path / name / LOCK).touch()
    (tmp_path / "restobench-a-file").touch()
    with (tmp_path / "restobench-alive" / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        made = make_scratch()
    kept = {"restobench-alive", "restobench-other", "restobench-a-file", "elsewhere", made.name}
    assert {path.name for path in tmp_path.iterdir()} == kept
    again = make_scratch()
    assert made.exists(), "this process lives"
    assert again.exists()
    for folder in (made, again):
        remove_scratch(folder)


def test_a_link_to_a_folder_that_is_gone_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "ALIASES", tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("long" * 20)))
    (tmp_path / ("long" * 20)).mkdir()
    (tmp_path / "restobench-gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "restobench-there").symlink_to(tmp_path)
    made = make_scratch()
    short = guard.short_name(made)
    assert short == tmp_path / made.name
    assert short.samefile(made)
    assert {path.name for path in tmp_path.iterdir() if path.is_symlink()} == {
        made.name,
        "restobench-there",
    }
    (tmp_path / made.name).unlink()
    (tmp_path / made.name).symlink_to(tmp_path)  # somebody else's
    assert guard.short_name(made) == made


def test_a_worker_has_temporary_files_of_its_own() -> None:
    with WorkerPool(1) as pool:
        first = pool.run(_make_temporary, timeout=30)
        assert not isinstance(first, Trouble)
        folder, pid = first
        assert Path(folder).exists()
        assert str(pid) in Path(folder).parts
        assert isinstance(pool.run(os._exit, 7, timeout=30), Trouble)
        assert wait_until(lambda: not Path(folder).exists())


def _make_temporary() -> tuple[str, int]:
    return tempfile.mkdtemp(), os.getpid()


@pytest.mark.parametrize("what", ["anonymous", "memfd", "shared_memory"])
def test_memory_that_is_shared_counts(what: str) -> None:
    with WorkerPool(1, private=True, memory_mib=200) as pool:
        assert pool.run(_fill, what, 50, timeout=60) == 50
        found = pool.run(_fill, what, 400, timeout=60)
    assert isinstance(found, Trouble)
    assert found.kind is FailureKind.MEMORY
    assert "MiB of shared mappings" in found.message
    assert "--memory" in found.message


def _fill(what: str, mib: int) -> int:
    """Takes shared memory a MiB at a time, and holds the most of it for a second."""
    import mmap
    from multiprocessing.shared_memory import SharedMemory

    size = mib * 2**20
    if what == "shared_memory":
        segment = SharedMemory(create=True, size=size)
        segment.unlink()  # it lasts while it is mapped
        memory = segment.buf
    else:
        file = os.memfd_create("test") if what == "memfd" else -1
        if what == "memfd":
            os.ftruncate(file, size)
        memory = memoryview(mmap.mmap(file, size))
    for start in range(0, size, 2**20):
        memory[start : start + 2**20] = b"x" * 2**20
    if mib > 200:
        time.sleep(60)
    return mib


def test_no_descriptor_is_left_by_a_pool() -> None:
    counts = []
    for _ in range(6):
        for call in (
            lambda pool: pool.run(abs, -1, timeout=30),
            lambda pool: pool.run(os._exit, 7, timeout=30),
            lambda pool: pool.run(time.sleep, 60, timeout=0.3),
        ):
            with WorkerPool(2, private=True) as pool:
                call(pool)
        counts.append(len(list(Path("/proc/self/fd").iterdir())))
    assert counts[-1] == counts[1], counts


@pytest.mark.parametrize("worker", ["waits", "is busy", "is dying"])
def test_a_pool_that_nobody_closes_is_no_error_at_the_end(worker: str, tmp_path: Path) -> None:
    """Nor does the process wait for it: one that dies is replaced in the same moments."""
    script = tmp_path / "script.py"
    script.write_text(LEFT_OPEN)
    ended = subprocess.run(
        [sys.executable, script, worker], capture_output=True, text=True, check=True, timeout=100
    )
    assert ended.stderr == ""
    folder = Path(ended.stdout.strip())
    assert not folder.exists()
    assert not list(guard.SHARED.glob(f"sem.{folder.name}-*"))
