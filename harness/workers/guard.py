"""Ends what a run leaves behind, whatever became of the run: a process above the server of workers.

The server is its child, workers are the server's, and whoever loses its parent below becomes the
guard's: nothing that a restorer starts gets away, a daemon with a session of its own neither. The
kernel says when the run is over: it gives the guard a lock that the run has held.

Only Linux knows such processes. Elsewhere workers look after their run themselves.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing.process import current_process
from multiprocessing.util import Finalize
from pathlib import Path
from threading import Lock

PRELOAD = "RESTOBENCH_PRELOAD"
"""The variable that tells the server of workers what to import: `harness.workers.preload`."""

SCRATCH = "RESTOBENCH_SCRATCH"
"""The variable that tells it where its run keeps what lasts no longer than the run."""

PREFIX = "restobench-"
"""What the names of such folders begin with, and those of semaphores after `sem.`."""

LOCK = "lock"
"""The file in the folder that a run has locked for as long as it lives."""

SHARED = Path("/dev/shm")  # noqa: S108  # what the kernel has no owner for
WATCH_SECONDS = 0.2
PATIENCE_SECONDS = 10.0
"""How long a process may take to die, on a disk that does not answer."""

AFTER_SEMAPHORES = -1
"""When this is cleaned up: multiprocessing's own are 0 and more, and come first."""

ALIASES = Path("/tmp")  # noqa: S108  # a link with a name that nobody can guess
LONGEST = 80
"""Bytes of a folder's name that leave room for a worker's sockets: the kernel takes 107 together.

A folder with a longer one has a link among `ALIASES`.
"""

_PDEATHSIG, _SUBREAPER = 1, 36


def die_with_parent() -> None:
    """Asks the kernel to kill this process as soon as the one that started it is gone."""
    _prctl(_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Makes this process the parent of whoever loses its own below it."""
    _prctl(_SUBREAPER, 1)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def scratch() -> Path:
    """The folder of this process: made when it is first asked for, removed at the end."""
    with _making:  # threads that ask at once get the same
        return _made()


_making = Lock()


@cache
def _made() -> Path:
    folder = make_scratch()
    os.environ[SCRATCH] = str(folder)  # for a server that has to be started again
    # when multiprocessing has taken back what it made: a pool that nobody closed has semaphores
    Finalize(None, remove_scratch, (folder,), exitpriority=AFTER_SEMAPHORES)
    return folder


def make_scratch() -> Path:
    """Makes a folder that lasts as long as this process; removes those of processes that are gone.

    Returns:
        The folder, with the lock that this process holds from now on.
    """
    root = Path(tempfile.gettempdir())
    for lock in root.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError):
            _sweep_dead(lock)
    for alias in ALIASES.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if alias.is_symlink() and not alias.exists() and alias.lstat().st_uid == os.getuid():
                alias.unlink()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    # under its name only when it is locked: nobody may find it free
    descriptor = os.open(folder / "new", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    (folder / "new").rename(folder / LOCK)
    if len(os.fsencode(folder)) > LONGEST:
        with suppress(OSError):
            (ALIASES / folder.name).symlink_to(folder)
    return folder


@contextmanager
def named_after(folder: Path) -> Iterator[None]:
    """What `multiprocessing` makes meanwhile goes with a run's folder: its sockets and semaphores.

    Even if nobody is left to remove it. What the user's program makes before and after is its own.
    """
    own = vars(current_process())["_config"]
    before = {name: own.get(name) for name in ("tempdir", "semprefix")}
    own.update(tempdir=str(short_name(folder)), semprefix=f"/{folder.name}")
    try:
        yield
    finally:
        own.update(before)


def short_name(folder: Path) -> Path:
    """A run's folder under a name that leaves room for those of sockets below it."""
    alias = ALIASES / folder.name
    with suppress(OSError):  # it is no link, as nearly always
        if alias.readlink() == folder:
            return alias
    return folder


def _sweep_dead(lock: Path) -> None:
    """Removes another run's folder, if it is ours and the kernel says that the run is over."""
    if lock.parent.stat().st_uid != os.getuid():
        return
    descriptor = os.open(lock, os.O_RDWR | os.O_NOFOLLOW)
    try:
        if _is_free(descriptor):
            remove_scratch(lock.parent)
    finally:
        os.close(descriptor)


def _is_free(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def remove_scratch(folder: Path) -> None:
    """Removes a run's folder, its semaphores, and its link."""
    if (alias := ALIASES / folder.name).is_symlink():
        alias.unlink()
    for path in SHARED.glob(f"sem.{folder.name}-*"):
        path.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def remove_shared(pid: int) -> None:
    """Removes shared memory that a dead process left under names that say whose it is: torch's."""
    for path in SHARED.glob(f"torch_{pid}_*"):
        with suppress(OSError):
            path.unlink()


def split() -> None:
    """Makes two processes of the server of workers: a child that goes on, and the guard above it.

    To be called before anything else has been imported. The guard never returns.
    """
    folder = Path(os.environ.get(SCRATCH, ""))
    if sys.platform != "linux" or not (folder / LOCK).is_file():
        return
    os.setsid()  # a kill of the run's process group must not reach who cleans up after it
    adopt_orphans()
    server = os.fork()
    if server:
        _guard(server, folder)
    die_with_parent()


def _guard(server: int, folder: Path) -> None:
    os.closerange(0, os.sysconf("SC_OPEN_MAX"))
    for _ in range(3):  # standard input and output lead nowhere
        os.open(os.devnull, os.O_RDWR)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lock = os.open(folder / LOCK, os.O_RDWR)
    over = False
    while not over and server not in _reap():
        for orphan in _children():
            if orphan != server:
                _kill(orphan)
        time.sleep(WATCH_SECONDS)
        over = _is_free(lock)
    _kill(server)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (children := list(_children())) and time.monotonic() < deadline:
        for child in children:
            _kill(child)
        time.sleep(0.01)
        _reap()
    if over:
        remove_scratch(folder)
    os._exit(0)


def _reap() -> list[int]:
    """Takes leave of children that have ended."""
    ended: list[int] = []
    with suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            ended.append(pid)
    return ended


def _children() -> Iterator[int]:
    """This process's children, those that it has adopted too."""
    me = os.getpid()
    try:
        yield from map(int, Path(f"/proc/{me}/task/{me}/children").read_text().split())
    except OSError:  # a kernel without that list
        import psutil

        yield from (child.pid for child in psutil.Process(me).children())


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
        remove_shared(pid)
