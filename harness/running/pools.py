"""The worker processes of a run: one pool that loads no restorer, and one for each restorer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from harness.workers.device_pool import DevicePool
from harness.workers.pool import WorkerPool, handover_folder


class Pool(Protocol):
    """Whoever does pieces of work."""

    def submit(
        self, function: Callable[..., Any], *arguments: object, timeout: float | None = None
    ) -> Future[Any]:
        """Begins with one."""


@dataclass(slots=True)
class Pools:
    """Pools that are started when they are first needed.

    Args:
        workers: Restorations at the same time.
        most: Pieces of work at the same time.
        memory_mib: What one restoring worker may take.
        cells: How many cells each restorer has: its pool ends with the last.
        folder: Where the user works, if that is not this process's folder.
        devices: What the workers of each device may see; empty: there is one, which all see.
        trip: Quick pieces of work that go to one worker together at most.
    """

    workers: int
    most: int
    memory_mib: int | None
    cells: Mapping[str, int]
    folder: Path | None = None
    devices: tuple[str, ...] = ()
    trip: int = 1
    _trusted: WorkerPool | DevicePool | None = None
    _restorers: dict[str, WorkerPool | DevicePool] = field(default_factory=dict)
    _left: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._left = dict(self.cells)

    def handover(self) -> Path:
        """A folder for pixels on their way from one piece of work to the next."""
        return handover_folder()

    def trusted(self) -> Pool:
        """The pool that makes samples and scores."""
        if self._trusted is None:
            self._trusted = self._make(self.most, private=False)
        return self._trusted

    def of(self, restorer: str) -> Pool:
        """The pool of one restorer."""
        if restorer not in self._restorers:
            workers = max(1, min(self.workers, self._left.get(restorer, self.workers)))
            self._restorers[restorer] = self._make(workers, private=True)
        return self._restorers[restorer]

    def _make(self, workers: int, *, private: bool) -> WorkerPool | DevicePool:
        if self.devices:
            each = -(-workers // len(self.devices))
            return DevicePool(each, self.devices, private=private, folder=self.folder)
        memory = self.memory_mib if private else None
        return WorkerPool(workers, private=private, memory_mib=memory, folder=self.folder)

    def done_with(self, restorer: str) -> None:
        """One cell of a restorer is over."""
        self._left[restorer] -= 1
        if self._left[restorer] == 0 and restorer in self._restorers:
            self.end(restorer)

    def end(self, name: str) -> None:
        """Ends the pool of a restorer, or that of everything else; a new one starts when needed.

        Args:
            name: The restorer's; empty for the pool that makes samples and scores.
        """
        pool: WorkerPool | DevicePool | None
        if not name:
            pool, self._trusted = self._trusted, None
        else:
            pool = self._restorers.pop(name, None)
        if pool is not None:
            pool.close(kill=True)

    def __enter__(self) -> Pools:
        return self

    def __exit__(self, *error: object) -> None:
        for pool in (self._trusted, *self._restorers.values()):
            if pool is not None:
                pool.close(kill=True)
