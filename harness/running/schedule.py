"""Work that waits for workers: what frees most goes first, and never more at a time than allowed.

A *course* is a generator that yields pieces of work and is sent what came of each.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from harness.running.pools import Pool
from harness.storage.store import Store
from harness.workers.pool import Trouble, outcome


class Kind(IntEnum):
    """Kinds of work, in the order in which they are served."""

    SCORE = 0
    RESTORE = 1
    SAMPLE = 2


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work for a worker; those of other pools do not wait for the same one.

    Attributes:
        start: Begins with it; where several begin together, as a batch or a trip, the first one's
            is given the `item` of each.
        batch: Pieces of one kind that may begin together have the same; `None`: this one may go on
            a trip with others of its pool, one after the other in one worker.
        item: What `start` needs of it; `None`: it goes alone.
    """

    kind: Kind
    start: Callable[..., Future[Any]]
    pool: str = ""
    batch: Hashable = None
    item: object = None


Course = Generator[Work, Any, None]

BATCH_SECONDS = 0.2
"""What a killed process has to do again at most: a transaction for each cell takes longer than the
smallest cells do."""

QUICK_SECONDS = 0.02
"""Of pieces that take less, `QUEUED` more wait at the workers: these would wait for the parent."""

TRIP, TRIP_SECONDS = 8, 0.04
"""How many pieces of work go to a worker as one at most, and what they take together: to hand one
in and to hear of it costs more than the smallest cells do."""

QUEUED = 2
"""Of restorations that leave the processors to others, one more waits in any case."""

STALL_SECONDS = 60.0
"""After so long a pool that has begun with nothing has lost it: a worker that is killed (by the
kernel, say) between taking a piece of work and saying so takes it along, and a lock sometimes."""

ATTEMPTS = 3
"""How often a piece of work is given to workers that die before they begin with it."""


@dataclass(slots=True)
class _Running:
    """What a worker does: for whom, and since when."""

    kind: Kind
    pool: str
    trip: bool
    since: float = field(default_factory=time.monotonic)
    courses: list[tuple[Work, Course]] = field(default_factory=list)


@dataclass(slots=True)
class Schedule:
    """Follows courses, a few at a time, until they have ended.

    Args:
        most: Pieces of work at the same time.
        restorations: Restorations at the same time.
        end_pool: Ends a pool by its name, so that a new one is started.
        restorers_wait: Whether restorations now leave the processors to others: they come on top.
        timeout: Seconds that the workers allow for one, for messages.
        store: What courses write is committed together, every `BATCH_SECONDS`.
        batch: Pieces of work that may begin together.
        trip: Quick pieces of work that one worker may do one after the other.
        over: As soon as it is done, courses are left where they are.
    """

    most: int
    restorations: int
    end_pool: Callable[[str], None]
    restorers_wait: Callable[[], bool]
    timeout: float
    store: Store
    batch: int = 1
    trip: int = 1
    over: Future[None] = field(default_factory=Future)
    _active: int = 0
    _pace: float = 1.0
    _paces: defaultdict[tuple[Kind, str], float] = field(
        default_factory=lambda: defaultdict(lambda: 1.0)
    )
    _queues: dict[Kind, deque[tuple[Work, Course]]] = field(
        default_factory=lambda: {kind: deque() for kind in Kind}
    )
    _running: dict[Future[Any], _Running] = field(default_factory=dict)
    _lost: Counter[Course] = field(default_factory=Counter)

    def run(self, courses: Iterable[Course]) -> None:
        """Follows all courses; as many are begun ahead as keep every worker busy."""
        waiting, due = iter(courses), 0.0
        while not self.over.done() and self._begin(waiting):
            self._start()
            pause = max(0.0, due - time.monotonic())
            done = self._wait(pause)
            if time.monotonic() >= due:
                self.store.commit()
                done = done or self._wait_long()
                due = time.monotonic() + BATCH_SECONDS
            self.store.batch()
            for future in done:
                self._finish(self._running.pop(future), outcome(future, self.timeout))
        self.store.commit()

    def _wait(self, seconds: float) -> set[Future[Any]]:
        awaited = {*self._running, self.over}
        return wait(awaited, seconds, FIRST_COMPLETED).done - {self.over}

    def _wait_long(self) -> set[Future[Any]]:
        done = self._wait(STALL_SECONDS)
        if not done and not self.over.done():
            for name in {running.pool for running in self._running.values()}:
                self._look_after(name)
        return done

    def _look_after(self, pool: str) -> None:
        """Gives the work of a pool that has lost it to a new one."""
        mine = {future: item for future, item in self._running.items() if item.pool == pool}
        started = max(item.since for item in mine.values())
        if time.monotonic() - started < STALL_SECONDS or any(map(Future.running, mine)):
            return
        if any(map(Future.done, mine)):
            return
        self.end_pool(pool)
        for future, item in mine.items():
            future.cancel()
            del self._running[future]
            self._queues[item.kind].extendleft(item.courses)

    def _finish(self, running: _Running, found: object) -> None:
        # of a batch each has its own; of a piece that several wait for, all have the same
        parts = found if isinstance(found, list) else [found] * len(running.courses)
        if running.trip:
            parts = self._return(running, found)
        self._look_at_pace(running, len(parts))
        for (work, course), part in zip(running.courses, parts, strict=True):
            if isinstance(found, Trouble) and not found.begun and self._lost[course] < ATTEMPTS:
                self._lost[course] += 1
                self._queues[work.kind].appendleft((work, course))
            else:
                self._lost.pop(course, None)
                self._follow(course, part)

    def _return(self, running: _Running, found: object) -> list[Any]:
        """What came of the first ones of a trip: the others go back, alone if none came back."""
        parts = found if isinstance(found, list) else []
        courses, back = running.courses[: len(parts)], running.courses[len(parts) :]
        if not parts:
            back = [(replace(work, item=None), course) for work, course in back]
        self._queues[running.kind].extendleft(reversed(back))
        running.courses = courses
        return parts

    def _look_at_pace(self, running: _Running, parts: int) -> None:
        seconds = time.monotonic() - running.since
        each = seconds / max(parts, 1) if running.trip else seconds
        self._pace += (each - self._pace) / 10
        key = running.kind, running.pool
        self._paces[key] += (each - self._paces[key]) / 10 if parts else 1.0

    def _begin(self, waiting: Iterator[Course]) -> bool:
        """Begins courses; says whether any of them has work to do."""
        together = max(self.batch, self.trip if self._pace < QUICK_SECONDS else 1)
        ahead = (together - 1) * (self.restorations + 1)
        while self._active < 2 * self.most + 2 + ahead:
            course = next(waiting, None)
            if course is None:
                break
            self._active += 1
            self._follow(course, None)
        return self._active > 0

    def _follow(self, course: Course, found: object) -> None:
        try:
            work = course.send(found)
        except StopIteration:
            self._active -= 1
        else:
            self._queues[work.kind].append((work, course))

    def _start(self) -> None:
        for kind, queue in self._queues.items():
            while queue and self._is_free(queue[0][0]) and (taken := self._take(kind)):
                work = taken[0][0]
                items = [one.item for one, _ in taken] if len(taken) > 1 else []
                running = _Running(kind, work.pool, bool(items) and work.batch is None)
                # two courses may wait for the same piece of work
                self._running.setdefault(work.start(*items), running).courses.extend(taken)

    def _take(self, kind: Kind) -> list[tuple[Work, Course]]:
        """What begins next: the first piece of work, a trip or a batch, or nothing yet."""
        queue, first = self._queues[kind], self._queues[kind][0][0]
        if first.batch is None:
            return self._travel(queue, TRIP_SECONDS / self._paces[kind, first.pool])
        groups = defaultdict[Hashable, list[tuple[Work, Course]]](list)
        for pair in queue:
            if pair[0].pool == first.pool and pair[0].batch is not None:
                groups[pair[0].batch].append(pair)
        full = (pairs[: self.batch] for pairs in groups.values() if len(pairs) >= self.batch)
        taken = next(full, groups[first.batch])
        if kind is Kind.RESTORE and len(taken) < self.batch and self._samples_come():
            return []  # and go into it
        for pair in taken:
            queue.remove(pair)
        return taken

    def _travel(self, queue: deque[tuple[Work, Course]], most: float) -> list[tuple[Work, Course]]:
        """The first piece of work, and those behind it that go to its worker on the same trip."""
        taken = [queue.popleft()]
        first = taken[0][0]
        while first.item is not None and queue and len(taken) + 1 <= min(self.trip, most):
            work = queue[0][0]
            if (work.pool, work.batch) != (first.pool, None) or work.item is None:
                break
            taken.append(queue.popleft())
        return taken

    def _samples_come(self) -> bool:
        running = (item.kind is Kind.SAMPLE for item in self._running.values())
        return bool(self._queues[Kind.SAMPLE]) or any(running)

    def _is_free(self, work: Work) -> bool:
        pools = [item.pool for item in self._running.values() if item.kind is Kind.RESTORE]
        more = QUEUED if self._pace < QUICK_SECONDS else 0
        # what is queued has to wait: the workers of another restorer would begin it at once
        ahead = max(more, int(self.restorers_wait()))
        queued = ahead if pools == [work.pool] * len(pools) else 0
        if work.kind is Kind.RESTORE and len(pools) >= self.restorations + queued:
            return False
        counted = len(self._running)
        if self.restorers_wait():
            counted = 0 if work.kind is Kind.RESTORE else counted - len(pools)
        return counted < self.most + more


def submit_trip(
    pool: Pool, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], timeout: float
) -> Future[Any]:
    """Begins with a trip: each piece's result, or at least that of the first.

    Args:
        pool: Whose worker does it.
        function: What does one task.
        tasks: Its arguments.
        timeout: Seconds that one may take: a trip that takes longer fails, and each goes alone.
    """
    return pool.submit(in_turn, function, tasks, TRIP_SECONDS, timeout=timeout)


def in_turn(
    function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], seconds: float
) -> list[Any]:
    """What comes of one task after the other, until `seconds` are over; runs in a worker."""
    found, end = list[Any](), time.monotonic() + seconds
    for task in tasks:
        found.append(function(*task))
        if time.monotonic() > end:
            break
    return found
