"""Cuts what a plan lacks into chunks: large enough to be worth a journey, small enough to share."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.protocols.executor import Chunk, Executor
from harness.running.plan import Plan

FIRST = 4
"""Cells of a chunk when nobody knows how long one takes."""

CHUNKS_A_SLOT = 4
"""So many at least, as far as chunks stay long enough: who is quick takes more of them."""

SHORTEST = 0.1
"""Of the wanted time of a chunk; shorter ones cost more than they level out."""

UNKNOWN_SECONDS = 2.0
"""What a cell of a durable executor is taken to need, where nobody says it: its jobs stop in time,
and what they have not done goes into others."""

Where = tuple[str, str]
"""Set and image."""


@dataclass(slots=True)
class Chunking:
    """What is left, and how long it takes as far as that has been seen.

    Args:
        left: Restorer -> what it has to restore, in order.
        chunk_seconds: How long a chunk should take.
        slots: How many chunks are worked on at the same time.
        cell_seconds: How long a cell takes, before it has been seen.
    """

    left: Mapping[str, deque[Where]]
    chunk_seconds: float
    slots: int
    cell_seconds: float | None = None
    _pace: dict[tuple[str, str], float] = field(default_factory=dict)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        for name, cells in self.left.items():
            self._counts.update((name, set_name) for set_name, _ in cells)

    @classmethod
    def of(
        cls,
        left: Mapping[str, Iterable[Where]],
        chunk_seconds: float,
        slots: int,
        cell_seconds: float | None = None,
    ) -> Chunking:
        """With lists of its own."""
        own = {name: deque(cells) for name, cells in left.items()}
        return cls(own, chunk_seconds, slots, cell_seconds)

    def learn(self, restorer: str, sets: Iterable[str], seconds: float, cells: int) -> None:
        """A chunk took so long for so many cells, besides what it took to begin."""
        if cells > 0:
            for name in sets:
                self._pace[restorer, name] = max(seconds / cells, 1e-6)

    def pace(self, restorer: str, set_name: str) -> float | None:
        """Seconds of a cell, as far as it is known."""
        known = self._pace.get((restorer, set_name))
        if known is not None:
            return known
        others = [value for (name, _), value in self._pace.items() if name == restorer]
        return max(others, default=self.cell_seconds)

    def cells(self) -> int:
        """How many are left."""
        return self._counts.total()

    def seconds(self) -> float | None:
        """How long all that is left will take one node; `None`: that is not known of any cell."""
        paces = [(self.pace(*group), count) for group, count in self._counts.items()]
        known = sum(count for pace, count in paces if pace is not None)
        work = sum(pace * count for pace, count in paces if pace is not None)
        return work * self.cells() / known if known else None

    def give_back(self, restorer: str, cells: Iterable[Where]) -> None:
        """Cells that came to nothing are first in turn; those that nobody asks for are left."""
        if restorer not in self.left:  # it was handed over for another plan of the same run
            return
        back = list(cells)
        self.left[restorer].extendleft(reversed(back))
        self._counts.update((restorer, set_name) for set_name, _ in back)

    def take(self) -> tuple[str, list[Where]] | None:
        """The cells of the next chunk: all of one restorer; `None`: there are none."""
        name = next((name for name, cells in self.left.items() if cells), None)
        if name is None:
            return None
        left = self.seconds()
        share = math.inf if left is None else left / (CHUNKS_A_SLOT * self.slots)
        wanted = min(self.chunk_seconds, max(share, SHORTEST * self.chunk_seconds))
        taken: list[Where] = []
        cells, seconds, unknown = self.left[name], 0.0, 0
        while cells and seconds < wanted and unknown < FIRST:
            pace = self.pace(name, cells[0][0])
            if taken and pace is not None and seconds + pace > wanted:
                break
            seconds, unknown = seconds + (pace or 0), unknown + (pace is None)
            taken.append(cells.popleft())
        self._counts.subtract((name, set_name) for set_name, _ in taken)
        return name, taken

    def expected(self, restorer: str, cells: Iterable[Where]) -> float | None:
        """How long some cells will take."""
        paces = [self.pace(restorer, set_name) for set_name, _ in cells]
        known = [pace for pace in paces if pace is not None]
        return sum(known) * len(paces) / len(known) if known else None


def cut(
    left: Mapping[str, Iterable[Where]], engine: Executor, slots: int | None = None
) -> Chunking:
    """What is left, to be taken in chunks that suit an engine."""
    known = engine.cell_seconds
    if known is None and engine.durable:  # they are cut before any has come back
        known = UNKNOWN_SECONDS
    slots = slots if slots is not None else max(1, engine.slots())
    return Chunking.of(left, engine.chunk_seconds, slots, known)


def forecast(plan: Plan, engine: Executor) -> list[Chunk]:
    """The chunks of a plan of which nothing has been done; the engine need not be open."""
    left = {
        item.name: [
            (one.name, image)
            for one in plan.sets
            if one.name in item.sets
            for image in plan.ids[one.name]
        ]
        for item in plan.restorers
    }
    chunking, found = cut(left, engine, engine.slots() if engine.durable else 1), list[Chunk]()
    while (taken := chunking.take()) is not None:
        name, cells = taken
        seconds = chunking.expected(name, cells)
        found.append(Chunk(f"chunk-{len(found)}", len(cells), seconds, _nothing, Path()))
    return found


def _nothing() -> None:
    """What a chunk does that is only looked at."""
