"""Chunks on this machine, one after the other: to try out a plan that will go to a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.protocols.executor import Chunk, Executor, Ran


class LocalExecutor(Executor):
    """A thread of this process, whose chunks have all of the machine.

    Args:
        argument: Nothing.
    """

    durable = False

    def __init__(self, argument: str) -> None:
        if argument:
            raise InputError(f"--executor local takes nothing after it; got {argument!r}")
        self.chunk_seconds = 10.0
        self.cell_seconds: float | None = None
        self.device: str | None = None
        self._thread = ThreadPoolExecutor(1)

    def open(self, folder: Path) -> None:
        """Nothing has to be connected to."""

    def slots(self) -> int:
        """One: a chunk has the whole machine."""
        return 1

    def ahead(self) -> int:
        """One that runs, one that waits."""
        return 2

    def beside(self) -> int | None:
        """None: one chunk after the other."""
        return 0

    def submit(self, chunks: Sequence[Chunk]) -> Sequence[Future[Ran]]:
        """Runs chunks in their order."""
        return [self._thread.submit(_run, chunk.run) for chunk in chunks]

    def adopt(self, signs: Mapping[str, Path]) -> Mapping[str, Future[Ran]]:
        """Nothing outlasts its process."""
        return {}

    def avoid(self, place: str) -> bool:
        """There is no other place."""
        return False

    def describe(self, chunks: Sequence[Chunk], folder: Path) -> str:
        """One line."""
        return "on this machine, one chunk after the other"

    def cancel(self) -> None:
        """Lets those go that have not begun."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def close(self, farewell: Callable[[], Any] | None = None) -> None:
        """Takes leave, which ends a chunk that is still at work."""
        if farewell is not None:
            farewell()
        self._thread.shutdown(cancel_futures=True)


def _run(run: Callable[[], Any]) -> Ran:
    return Ran("here", run())
