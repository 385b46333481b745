"""How worker processes are started: beside the user's program, whatever that does itself.

And how the end of one is told.
"""

import contextlib
import os
import signal
import sys
from functools import lru_cache
from multiprocessing import forkserver, popen_forkserver, popen_spawn_posix, spawn
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock
from types import FunctionType, SimpleNamespace
from typing import Any

EXIT_UNASKED = 71
"""What a worker that leaves with code 0 is said to have left with: nobody asked it to."""

server = forkserver.ForkServer()
"""A server of our own: that of the user's program (a `DataLoader` has one, perhaps) has another
environment, and other modules."""


def _prepare(name: str) -> dict[str, Any]:
    """What a worker is told of this process: the user's script only where it guards itself.

    A script without `if __name__ == "__main__"` would start workers in each worker.
    """
    told = spawn.get_preparation_data(name)
    script = getattr(sys.modules["__main__"], "__file__", None)
    if script and _guards_itself(script):
        return told
    return {key: told[key] for key in told if not key.startswith("init_main")}


@lru_cache(maxsize=8)
def _guards_itself(script: str) -> bool:
    try:
        return b"__main__" in Path(script).read_bytes()
    except OSError:
        return False


class Launch(popen_forkserver.Popen):
    """Starts a worker as Python does, by `server` and with what `_prepare` says."""

    def __init__(self, process_obj: BaseProcess) -> None:
        self._asking = Lock()
        super().__init__(process_obj)

    def poll(self, flag: int = os.WNOHANG) -> int | None:
        """The exit code, or `None` while the process lives.

        The server tells it once: of two threads that ask at the same time, Python lets one read
        that, and the other make it 255.

        Args:
            flag: `os.WNOHANG`, or 0 to wait for the end.
        """
        if flag != os.WNOHANG:
            wait([self.sentinel])
        with self._asking:
            return super().poll()

    # Python's own code, which looks both up in its module
    _launch = FunctionType(
        popen_forkserver.Popen._launch.__code__,  # type: ignore[attr-defined]  # private
        {
            **vars(popen_forkserver),
            "spawn": SimpleNamespace(get_preparation_data=_prepare),
            "forkserver": SimpleNamespace(
                connect_to_new_process=server.connect_to_new_process,
                read_signed=forkserver.read_signed,
            ),
        },
    )


class _Spawn(popen_spawn_posix.Popen):
    _launch = FunctionType(  # likewise
        popen_spawn_posix.Popen._launch.__code__,  # type: ignore[attr-defined]  # private
        {
            **vars(popen_spawn_posix),
            "spawn": SimpleNamespace(**{**vars(spawn), "get_preparation_data": _prepare}),
        },
    )


class LikeTheUsers(SpawnProcess):
    """A process with nothing of this one, started by no server, told what `_prepare` says."""

    _Popen = staticmethod(_Spawn)


def how_it_died(exitcode: int) -> str:
    """How a process ended that nobody asked to, from its exit code."""
    if exitcode in (0, EXIT_UNASKED):
        return "by leaving in the middle of its work"
    if exitcode < 0:
        with contextlib.suppress(ValueError):
            return f"of {signal.Signals(-exitcode).name}"
    return f"with exit code {exitcode}"
