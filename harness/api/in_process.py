"""Work that is done at once, in this process, in place of worker processes."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.api.arguments import temporary_folder
from harness.protocols import Restorer
from harness.restoring.in_process import put_back, restore_here
from harness.restoring.wrapping import is_module
from harness.running.pools import Pool, Pools
from harness.workers.as_in_workers import as_in_workers

_ALONE = threading.RLock()
"""Seeds, threads and modes belong to the whole process: one evaluation at a time has them."""


@contextmanager
def alone(*things: object) -> Iterator[None]:
    """This process as a worker is, modules in evaluation mode; all is put back afterwards.

    Another thread that comes here waits.

    Args:
        things: What is going to be run; of these, modules change their mode.
    """
    modules: list[Any] = [thing for thing in things if is_module(thing)]
    with _ALONE, put_back(*modules), as_in_workers():
        yield


class Here:
    """Runs each piece of work when it is handed in."""

    def submit(
        self, function: Callable[..., Any], *arguments: object, timeout: float | None = None
    ) -> Future[Any]:
        """Runs it; there is no time-out."""
        future: Future[Any] = Future()
        with as_in_workers():  # whatever a restorer has told torch and numpy before
            future.set_result(function(*arguments))
        return future


class _RestoringHere(Here):
    """Runs restorations with a restorer that has been built."""

    def __init__(self, restorer: Restorer, raising: bool) -> None:
        self._restorer, self._raising, self._cold = restorer, raising, True
        self._agreed: list[int] = []

    def submit(
        self, function: Callable[..., Any], *arguments: Any, timeout: float | None = None
    ) -> Future[Any]:
        """Restores one image or a batch, whatever a worker would have to load for it."""
        cold, self._cold = self._cold, False

        def restore(asked: Any) -> Any:
            tasks = asked if isinstance(asked, list) else [asked]
            how = {"cold": cold, "raising": self._raising}
            found = restore_here(self._restorer, tasks, self._agreed, **how)
            return found[0] if isinstance(found, list) and asked is not tasks else found

        return super().submit(restore, *arguments)


class PoolsHere(Pools):
    """As the pools of a run, without any process.

    Args:
        restorers: Restorers that have been built, by name.
        raising: Whether what a restorer raises goes through.
    """

    def __init__(self, restorers: Mapping[str, Restorer], *, raising: bool = False) -> None:
        super().__init__(1, 1, None, {})
        self._here = {name: _RestoringHere(item, raising) for name, item in restorers.items()}
        self._folder = Path()

    def handover(self) -> Path:
        """A folder that goes when the run is over, however it ends."""
        return self._folder

    def trusted(self) -> Pool:
        """This process."""
        return Here()

    def of(self, restorer: str) -> Pool:
        """This process, with the restorer of this name."""
        return self._here[restorer]

    def done_with(self, restorer: str) -> None:
        """Nothing has to be ended."""

    def __enter__(self) -> PoolsHere:
        self._folder = temporary_folder("restobench-")
        return self

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
