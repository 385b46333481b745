"""Which cells are restored or scored together, and which have to be done alone after all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from harness.errors import InputError
from harness.plugins.kinds import metrics
from harness.restoring.in_worker import Alone, Restoration
from harness.results import FailureKind
from harness.running.pools import Pool
from harness.running.schedule import submit_trip
from harness.storage.images.arrays import header_of
from harness.storage.images.samples import StoredSample
from harness.workers.pool import Trouble

MOST = 1024
"""Images in a batch: those of a few batches wait in memory."""

PATIENCE = 3
"""After so many batches that failed, a restorer's images are restored one by one."""


def check_batch(size: object) -> None:
    """Refuses a size of batches that cannot be.

    Raises:
        InputError: It is no number of images.
    """
    if not isinstance(size, int) or not 1 <= size <= MOST:
        raise InputError(f"batch is {size!r}; expected a number of images, 1 to {MOST}")


@dataclass(slots=True)
class Batches:
    """What cells have to have in common to be done together, and whose are not.

    Args:
        size: Cells in a batch at most.
        metrics: Those of the plan.
        note: Told why a restorer's images are restored one by one.
    """

    size: int
    metrics: Iterable[str]
    note: Callable[[str], None]
    _failed: Counter[str] = field(default_factory=Counter)
    _broken: dict[str, Trouble] = field(default_factory=dict)
    _heard: object = None
    _score: bool = field(init=False)

    def __post_init__(self) -> None:
        check_batch(self.size)
        takes = (hasattr(metrics.get(name), "measure_batch") for name in self.metrics)
        self._score = self.size > 1 and any(takes)

    def to_restore(self, restorer: str, sample: StoredSample) -> Hashable:
        """What is the same of cells that a restorer may restore together; `None`: it may not."""
        alone = self.size == 1 or self.given_up(restorer)
        return None if alone else (restorer, self._alike(sample))

    def given_up(self, restorer: str) -> bool:
        """Whether a restorer's images are restored one by one from now on."""
        return self._failed[restorer] >= PATIENCE

    def to_score(self, sample: StoredSample, names: tuple[str, ...]) -> Hashable:
        """The same of cells that these metrics may score together."""
        return (names, self._alike(sample)) if self._score and names else None

    def _alike(self, sample: StoredSample) -> Hashable:
        return sample.set, sample.conditions.scale, header_of(sample.degraded.path)

    def known(self, restorer: str, batched: bool) -> Alone | Trouble | None:
        """What comes of cells, a batch or not, that nobody need try, or `None`."""
        if restorer in self._broken:  # it did not load
            return self._broken[restorer]
        return Alone("") if batched and self.given_up(restorer) else None

    def failed(self, restorer: str, count: int, found: object) -> bool:
        """Whether cells have to be done alone, after what came of their batch; it is said why once.

        Args:
            restorer: Whose cells.
            count: How many there were in the batch.
            found: What came of this one.
        """
        if isinstance(found, Trouble) and found.kind is FailureKind.LOAD:
            self._broken[restorer] = found
            return False
        if isinstance(found, Restoration) or (count == 1 and not isinstance(found, Alone)):
            return False
        if found is not self._heard and not self.given_up(restorer):  # each of them hears it
            self._tell(restorer, count, found)
        self._heard = found
        return True

    def _tell(self, restorer: str, count: int, found: object) -> None:
        self._failed[restorer] += PATIENCE if isinstance(found, Alone) else 1
        if isinstance(found, Alone):
            self.note(f"{restorer} restores images one by one: {found.reason}")
            return
        why = found.message if isinstance(found, Trouble) else str(found)
        last = " and so are all later ones" if self.given_up(restorer) else ""
        self.note(
            f"{restorer}: a batch of {count} failed ({why}); its images are restored one by one"
            f"{last}"
        )


class Waiting:
    """A cell that waits for a piece of work, which may be one with those of others.

    Attributes:
        task: What the work is about.
        batch: What a batch of it has in common; `None`: others only travel with it.
        first: The cell that has begun with it, for all of its batch or trip.
        together: How many a batch has.
        beside: Restorations that were at work at the same time, of a cell that has begun.
    """

    task: object = None
    batch: Hashable = None

    def __init__(self, seconds: float) -> None:
        """Waits, so many seconds for work on one cell."""
        self.seconds = seconds
        self.first, self.together, self.beside = self, 1, 0

    def submit(
        self,
        pool: Pool,
        functions: tuple[Callable[..., Any], Callable[..., Any]],
        batch: Sequence[Waiting],
    ) -> Future[Any]:
        """Begins with the task of this cell, or with those of a batch.

        Args:
            pool: Whose workers do it.
            functions: What does one task, and what does a list of them.
            batch: The cells of a batch or a trip; none: this one alone.
        """
        batch, apart = batch or (self,), self.batch is None
        for cell in batch:
            cell.first, cell.together = self, 1 if apart else len(batch)
        if len(batch) == 1:
            return pool.submit(functions[0], self.task, timeout=self.seconds)
        tasks = [cell.task for cell in batch]
        if apart:
            return submit_trip(pool, functions[0], [(task,) for task in tasks], self.seconds)
        return pool.submit(functions[1], tasks, timeout=self.seconds * len(batch))


@dataclass(slots=True)
class AtWork:
    """Restorations that have begun and not ended: a cell each, the first one of a batch.

    Args:
        workers: Who does them; those beyond wait for one.
    """

    workers: int
    _cells: list[Waiting] = field(default_factory=list)

    def begin(self, cell: Waiting) -> None:
        """A restoration begins, beside all others that have not ended yet."""
        if cell not in self._cells:  # it is given to workers again where they were lost
            self._cells.append(cell)
        others = min(len(self._cells), self.workers) - 1
        cell.beside = 0  # an earlier attempt counts no more
        for item in self._cells:
            item.beside = max(item.beside, others)

    def end(self, cell: Waiting) -> None:
        """It has ended, or had never begun."""
        if cell in self._cells:
            self._cells.remove(cell)


def done(value: object) -> Future[Any]:
    """A piece of work that nobody has to do."""
    future: Future[Any] = Future()
    future.set_result(value)
    return future
