"""Worker processes that are replaced when they hang, die or take too much.

What they leave behind is ended.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.util import Finalize
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from harness.errors import UnavailableError, describe_error
from harness.results import FailureKind
from harness.workers.confinement import (
    EXIT_MEMORY,
    HANDOVER,
    ONE_THREAD,
    Confinement,
    allowed_environment,
    confine,
)
from harness.workers.guard import PRELOAD, SCRATCH, named_after, remove_shared, scratch
from harness.workers.launching import EXIT_UNASKED, Launch, how_it_died, server
from harness.workers.sandbox import hidden

_TAIL = 300

T = TypeVar("T")

_NEWS_SECONDS = 0.3
"""How long a dead worker's last messages may be on their way, "this task is mine" among them."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A piece of work that came to nothing.

    Attributes:
        begun: Whether a worker had begun with it; where none had, it may be tried again.
    """

    kind: FailureKind
    message: str
    begun: bool = True


class _Worker(ForkServerProcess):
    """A worker that leads a process group, which dies with it.

    Restorers may ignore SIGTERM, and have children.
    """

    _stopped = False
    _died = 0.0
    _Popen = staticmethod(Launch)

    def terminate(self) -> None:
        self._stopped = True
        self._end_group()
        super().kill()

    def is_alive(self) -> bool:
        """Whether the pool may still hear of it.

        Told of a death before, it blames the wrong task, or gives up.
        """
        if super().is_alive():
            return True
        self._end_group()
        self._died = self._died or time.monotonic()
        return not self._stopped and time.monotonic() - self._died < _NEWS_SECONDS

    @property
    def exitcode(self) -> int | None:
        code = super().exitcode
        return EXIT_UNASKED if code == 0 else code

    def _end_group(self) -> None:
        if self.pid:
            # before it leads its group there is none, and nothing of a restorer has run
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            for name in ("folder", "tmp"):  # its output may still be asked for
                shutil.rmtree(scratch() / str(self.pid) / name, ignore_errors=True)
            remove_shared(self.pid)


class _Context(ForkServerContext):
    Process = _Worker

    def RLock(self) -> Any:  # noqa: N802  # as multiprocessing calls it
        with named_after(scratch()):
            return super().RLock()


_announced: list[Callable[[], Iterable[str]]] = [lambda: ["harness.running.runner"]]


def announce(modules: Callable[[], Iterable[str]]) -> None:
    """Says what workers are going to import: their server does it for all of them, once.

    The server starts with the first piece of work; later it is as it is, and each worker imports
    what it lacks.

    Args:
        modules: Gives dotted names when the server starts. They must do nothing when imported that
            a fork does not survive or that another plugin would notice; those that do not import
            are left out.
    """
    if not _started.cache_info().currsize:
        _announced.append(modules)


class WorkerPool:
    """Worker processes, started by a server that has imported what they need.

    They start with the first piece of work.

    Args:
        workers: How many processes at most.
        private: For third-party code: each worker has a working folder of its own, and cannot read
            what has been hidden (`harness.workers.sandbox`).
        memory_mib: How much more memory than at its start a worker may take; `None`: no limit.
        folder: Where the user works, if that is not this process's folder.
        variables: Variables that these workers get besides.
    """

    def __init__(
        self,
        workers: int,
        *,
        private: bool = False,
        memory_mib: int | None = None,
        folder: Path | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        confinement = Confinement(
            os.getpid(),
            {**allowed_environment(), **variables},
            folder or Path.cwd(),
            scratch(),
            private,
            memory_mib,
            hidden() if private else (),
        )
        self._make = partial(
            ProcessPool, max_workers=workers, initializer=confine, initargs=(confinement,)
        )
        self._pool: ProcessPool | None = None

    def submit(
        self, function: Callable[..., Any], *arguments: object, timeout: float | None = None
    ) -> Future[Any]:
        """Runs a function in a worker, which is killed after `timeout` seconds.

        Raises:
            UnavailableError: No worker can be started.
        """
        task: dict[str, Any] = {"args": list(arguments), "timeout": timeout}
        try:
            future: Future[Any] = (self._pool or self._start()).schedule(function, **task)
        except RuntimeError:  # every worker died at once, and the pool with them
            self.close(kill=True)
            try:
                future = self._start().schedule(function, **task)
            except RuntimeError as error:
                files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
                raise UnavailableError(
                    "worker processes die as soon as they are started: may this process have more "
                    f"open files than {files} (ulimit -n), and more processes (ulimit -u)?"
                ) from error
        return future

    def _start(self) -> ProcessPool:
        self._pool = self._make(context=_context())
        # a worker that pebble starts while this process ends would find nothing, or stay for ever
        self._at_exit = Finalize(None, self.close, kwargs={"kill": True}, exitpriority=1)
        return self._pool

    def run(self, function: Callable[..., T], *arguments: object, timeout: float) -> T | Trouble:
        """What a function returns in a worker, or the `Trouble` that the worker ran into."""
        found: T | Trouble = outcome(self.submit(function, *arguments, timeout=timeout), timeout)
        return found

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *error: object) -> None:
        self.close(kill=True)

    def close(self, *, kill: bool = False) -> None:
        """Ends the workers, at once if `kill`."""
        if self._pool is None:
            return
        end = self._pool.stop if kill else self._pool.close
        end()  # type: ignore[no-untyped-call]  # pebble is half annotated
        self._pool.join()
        self._pool = None  # with the descriptors of its workers
        self._at_exit.cancel()


def _context() -> _Context:
    """The server of workers, which the first of several threads that want one starts."""
    with _starting:
        return _started()


_starting = Lock()


@cache
def _started() -> _Context:
    """Starts the server: it never sees a variable that workers may not see, not even in /proc."""
    context = _Context()
    server.set_forkserver_preload(["harness.workers.preload"])
    everything = dict(os.environ)
    # one thread from the start: what numpy's algebra is imported with, a worker cannot take back
    modules = {name for announced in _announced for name in announced()}
    _announced.clear()
    told = {PRELOAD: ",".join(sorted(modules)), SCRATCH: str(scratch())}
    # what a killed run leaves is removed, which is no news for the terminal
    quiet = [*os.environ.get("PYTHONWARNINGS", "").split(","), "ignore:resource_tracker"]
    told["PYTHONWARNINGS"] = ",".join(filter(None, quiet))
    seen = allowed_environment() | ONE_THREAD | told
    try:
        os.environ.clear()
        os.environ.update(seen)
        with named_after(scratch()):
            server.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(everything)
    return context


def handover_folder() -> Path:
    """Where workers leave files for one another, for as long as this process lives."""
    folder = scratch() / HANDOVER
    folder.mkdir(exist_ok=True)
    return folder


MEMORY_HINT = "--memory gives a worker more, fewer --workers give each a larger share"


def outcome(future: Future[Any], timeout: float | None) -> Any:
    """What a finished future returned, or the `Trouble` that its worker ran into."""
    try:
        return future.result()
    except TimeoutError:
        return Trouble(
            FailureKind.TIMEOUT, f"no result within {timeout:g} s; the worker was stopped"
        )
    except ProcessExpired as error:
        if error.exitcode == EXIT_MEMORY:
            return Trouble(
                FailureKind.MEMORY, f"memory ran out{_last_words(error.pid)}; {MEMORY_HINT}"
            )
        return Trouble(
            FailureKind.CRASHED,
            f"the worker process died {how_it_died(error.exitcode)}{_last_words(error.pid)}",
        )
    except CancelledError:
        raise
    except BrokenProcessPool as error:
        message = f"no worker could begin with it: {error}"
        return Trouble(FailureKind.CRASHED, message, begun=False)
    except Exception as error:  # the result could not be brought back from the worker
        return Trouble(FailureKind.CRASHED, describe_error(error))


def _last_words(pid: int | None) -> str:
    """The end of what a dead worker printed, as one line."""
    try:
        with (scratch() / str(pid) / "output").open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            words = " ".join(file.read().decode(errors="replace").split())
    except OSError:
        return ""
    printable = "".join(character for character in words if character.isprintable())
    return f"; it last printed: {printable}" if printable else ""
