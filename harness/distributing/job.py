"""One start of a run on many nodes: chunks go out, results come in, what is lost goes out again."""

from __future__ import annotations

import math
import pickle
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path

from harness.distributing.chunking import Chunking, Where, cut
from harness.distributing.handshake import DAEMONIC, expect
from harness.distributing.jobs import Jobs, Sent
from harness.distributing.node import run_chunk
from harness.distributing.parts import Part, part_of
from harness.distributing.receiving import Receiver
from harness.distributing.slicing import lacking, of_fingerprints, part_of_plan
from harness.distributing.tasks import ChunkResult, ChunkTask, How
from harness.errors import HarnessError, IncomparableError, InputError, describe_error
from harness.protocols.executor import Chunk, Executor, LostError, Ran
from harness.results import Cell, Failure, FailureKind
from harness.running.plan import Plan
from harness.running.progress import Progress
from harness.storage.store import Store
from harness.workers.pool import WorkerPool

ATTEMPTS = 3
"""How often a chunk is handed over that gets lost each time."""

POLL_SECONDS = 1.0
SILENCE_SECONDS = 10.0
"""After so long it is said that nothing has come back, and again whenever that time has doubled."""

NOT_THERE = (ImportError, AttributeError, pickle.PickleError)
"""What a node raises that has not got this program, or the user's modules."""


@dataclass(slots=True)
class Job:
    """One start of a run on many nodes."""

    executor: Executor
    plan: Plan
    how: How
    progress: Progress
    store: Store
    jobs: Jobs
    receiver: Receiver
    detach: bool
    expected: Mapping[str, str] = field(default_factory=dict)
    chunking: Chunking = field(default_factory=lambda: Chunking.of({}, 1.0, 1))
    running: dict[Future[Ran], Sent] = field(default_factory=dict)
    lost: Counter[tuple[str, Where]] = field(default_factory=Counter)
    refusals: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    start: str = field(default_factory=lambda: secrets.token_hex(3))

    def carry_out(self) -> None:
        """Hands over what the run lacks, and takes in what comes back."""
        with WorkerPool(2) as pool:
            self.expected = expect(self.plan, pool, self.how.timeout)
        # while nobody was waiting
        taken = {cell for name in list(self.jobs.finished()) for cell in self._take_file(name)}
        waiting = self._adopt(taken)
        left = lacking(self.plan, self.store)
        self._tell_reused(left, taken)
        there = {(sent.restorer, cell) for sent in waiting for cell in sent.cells}
        rest = {
            name: [cell for cell in cells if (name, cell) not in there]
            for name, cells in left.items()
        }
        self.chunking = cut(rest, self.executor)
        self._follow()

    def _adopt(self, taken: set[Cell]) -> list[Sent]:
        """Waits for chunks of an earlier start that are still on their way.

        What others have left joins `taken`.
        """
        if not self.executor.durable:
            return []
        sent = self.jobs.recorded()
        found = self.executor.adopt({name: self.jobs.result(name) for name in sent})
        self.running |= {future: sent[name] for name, future in found.items()}
        for name in sent.keys() - found.keys():  # gone; it may have left something since
            taken |= self._take_file(name)
        return [sent[name] for name in found]

    def _tell_reused(self, left: Mapping[str, list[Where]], told: Set[Cell]) -> None:
        for item in self.plan.restorers:
            lacks = set(left[item.name])
            for name in (one.name for one in self.plan.sets if one.name in item.sets):
                for image in self.plan.ids[name]:
                    cell = Cell(item.name, name, image)
                    if (name, image) not in lacks and cell not in told:
                        self.progress.advance(cell, "reused")

    def _follow(self) -> None:
        heard, patience = time.monotonic(), SILENCE_SECONDS
        self._submit()
        while self.running and not self.detach:
            done = wait(self.running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED).done
            for future in done:
                self._finish(self.running.pop(future), future)
            self.store.commit()
            now = time.monotonic()
            if done:
                heard, patience = now, SILENCE_SECONDS
            elif now - heard > patience:
                patience *= 2
                nobody = "" if self.executor.slots() else ", and no node is there to do them"
                self.progress.note(
                    f"chunks on their way: {len(self.running)}; nothing has come back for "
                    f"{now - heard:.0f} s{nobody}"
                )
            self._submit()

    def _submit(self) -> None:
        """Hands over as much as the engine takes; arrays of jobs want many at once."""
        ahead = math.inf if self.detach else self.executor.ahead()
        room = ahead - len(self.running)
        if self.executor.durable and self.running and room < ahead / 4:
            return
        sent, chunks = list[Sent](), list[Chunk]()
        while len(chunks) < room and (taken := self.chunking.take()) is not None:
            restorer, cells = taken
            name = f"{self.start}-{next(self.numbers):05d}"
            sent.append(Sent(name, restorer, tuple(cells)))
            chunks.append(self._chunk(sent[-1]))
            if self.executor.durable:
                self.jobs.record(sent[-1])
        if chunks:
            futures = self.executor.submit(chunks)
            self.running |= dict(zip(futures, sent, strict=True))

    def _chunk(self, sent: Sent) -> Chunk:
        result = self.jobs.result(sent.name)
        task = ChunkTask(
            plan=part_of_plan(self.plan, sent),
            known=part_of(self.store, sent.restorer, sent.cells) if sent.restorer else Part(),
            expected=self.expected,
            run=self.store.folder,
            token=self.jobs.token,
            folder=Path.cwd(),
            how=self.how,
            beside=self.executor.beside(),
            result=result if self.executor.durable else None,
            start=self.start,
        )
        seconds = self.chunking.expected(sent.restorer, sent.cells)
        return Chunk(sent.name, len(sent.cells), seconds, partial(run_chunk, task), result)

    def _finish(self, sent: Sent, future: Future[Ran]) -> None:
        try:
            ran = future.result()
        except NOT_THERE as error:
            raise InputError(
                "a node cannot load the chunk: it has another version of restobench, or lacks a "
                f"module of yours ({describe_error(error)})"
            ) from error
        except HarnessError:
            raise
        except Exception as error:  # the engine's
            told = str(error) if isinstance(error, LostError) else describe_error(error)
            self._lose(sent, told)
        else:
            self._heard(sent, ran)

    def _heard(self, sent: Sent, ran: Ran) -> None:
        result = self.jobs.read(sent.name) if self.executor.durable else ran.value
        if not isinstance(result, ChunkResult):
            self._lose(sent, "its results cannot be read")
        elif why := result.refused or self.receiver.differs(result):
            self._refuse(sent, ran.place, why, result)
        else:
            self._receive(sent, result)

    def _receive(self, sent: Sent, result: ChunkResult) -> None:
        """Takes in what was done; what was not is handed over again."""
        sets = {name for name, _ in sent.cells}
        self.chunking.learn(sent.restorer, sets, result.seconds, result.cells - 1)
        done = self.receiver.take(self._current(sent.name, result))
        self._forget(sent)
        if sent.restorer:
            rest = [cell for cell in sent.cells if Cell(sent.restorer, *cell) not in done]
            if rest and not result.part.done():
                self._again(sent, rest, "its job had no time for a single cell")
            elif rest:
                self.chunking.give_back(sent.restorer, rest)

    def _refuse(self, sent: Sent, place: str, why: str, result: ChunkResult) -> None:
        self.refusals += 1
        name = result.host.get("name", place)
        self.progress.note(f"{name} takes no part: {why}")
        others = self.executor.avoid(place)
        if not others or (self.refusals >= ATTEMPTS and not self.receiver.chunks):
            error = InputError if why == DAEMONIC else IncomparableError
            raise error(f"{name} cannot take part: {why}")
        self._forget(sent)
        self.chunking.give_back(sent.restorer, sent.cells)

    def _lose(self, sent: Sent, why: str) -> None:
        """A chunk was lost: what it left is taken in, and the rest is tried again."""
        found = self.jobs.read(sent.name, partial=True) if self.executor.durable else None
        done = set() if found is None else self.receiver.take(self._current(sent.name, found))
        self._forget(sent)
        rest = [cell for cell in sent.cells if Cell(sent.restorer, *cell) not in done]
        self._again(sent, rest, why)

    def _again(self, sent: Sent, rest: list[Where], why: str) -> None:
        self.progress.note(f"a chunk of {len(rest)} cells was lost: {why}")
        again = []
        for where in rest:
            self.lost[sent.restorer, where] += 1
            if self.lost[sent.restorer, where] < ATTEMPTS:
                again.append(where)
            elif sent.restorer:
                message = f"its chunk was lost {ATTEMPTS} times, at last: {why}"
                failure = Failure(Cell(sent.restorer, *where), FailureKind.LOST, message)
                self.store.add_failure(failure)
                self.progress.advance(failure.cell, f"failed: {message}")
        self.chunking.give_back(sent.restorer, again)

    def _take_file(self, name: str) -> set[Cell]:
        """Takes in what a chunk has left, the whole or what it had when it was killed."""
        result, done = self.jobs.read(name) or self.jobs.read(name, partial=True), set[Cell]()
        if result is not None and not result.refused and not self.receiver.differs(result):
            done = self.receiver.take(self._current(name, result))
        self.store.commit()
        self.jobs.forget(name)
        return done

    def _current(self, name: str, result: ChunkResult) -> ChunkResult:
        """What of a chunk's result is of this plan: since an earlier start, code may have changed.

        What this start has handed over is of it, and would otherwise be handed over for ever.
        """
        if name.startswith(f"{self.start}-"):
            return result
        wanted = {item.name: item.fingerprint for item in self.plan.restorers}
        return of_fingerprints(result, wanted, self.plan.metric_fingerprints)

    def _forget(self, sent: Sent) -> None:
        if self.executor.durable:
            with suppress(OSError):
                self.store.commit()
                self.jobs.forget(sent.name)
