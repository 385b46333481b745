"""Workers of several devices: each sees one alone, and whichever is free gets the next work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from harness.workers.devices import confined
from harness.workers.pool import WorkerPool


class DevicePool:
    """A pool for each device.

    Args:
        workers: How many processes on each at most.
        devices: What each may see, as of `harness.workers.devices.choose_devices`.
        private: As of `WorkerPool`.
        folder: As of `WorkerPool`.
    """

    def __init__(
        self,
        workers: int,
        devices: Sequence[str],
        *,
        private: bool = False,
        folder: Path | None = None,
    ) -> None:
        self._pools = [
            WorkerPool(workers, private=private, folder=folder, variables=confined(device))
            for device in devices
        ]
        self._busy = [0] * len(devices)

    def submit(
        self, function: Callable[..., Any], *arguments: object, timeout: float | None = None
    ) -> Future[Any]:
        """Runs a function on the device with least to do: no more is handed in than there is room.

        Which devices are behind does not matter then: those that are free get all that comes.
        """
        place = self._busy.index(min(self._busy))
        self._busy[place] += 1
        future = self._pools[place].submit(function, *arguments, timeout=timeout)
        future.add_done_callback(lambda _done: self._leave(place))
        return future

    def _leave(self, place: int) -> None:
        self._busy[place] -= 1

    def close(self, *, kill: bool = False) -> None:
        """Ends the workers, at once if `kill`."""
        for pool in self._pools:
            pool.close(kill=kill)
