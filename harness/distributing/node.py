"""One chunk on a node: samples, restorations in confined workers, scores, and back come rows."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.distributing.handshake import DAEMONIC, code_here, examine, is_daemonic, sees
from harness.distributing.parts import (
    Part,
    add_part,
    read_document,
    whole_part,
    write_document,
)
from harness.distributing.tasks import ChunkResult, ChunkTask
from harness.protocols.executor import SPARE_SECONDS, JobEnded
from harness.results import Cell
from harness.running.cells import Cells
from harness.running.header import Place
from harness.running.plan import Plan
from harness.running.pools import Pools
from harness.running.progress import Progress
from harness.running.samples import Samples
from harness.running.schedule import Course, Schedule
from harness.storage.provenance import host_id
from harness.storage.store import Store
from harness.workers.allocation import cores, ends_at, free_mib
from harness.workers.guard import scratch
from harness.workers.pool import Trouble, announce, handover_folder, outcome

FLUSH_SECONDS = 30.0
"""What a job that is killed has to do again at most, beside the cells in flight: a tenth of what
it has worked, and no more than this."""


class _NodePools(Pools):
    """Pools that outlast a chunk: the next one is mostly of the same restorer."""

    def __init__(self, task: ChunkTask) -> None:
        workers = task.how.workers or cores()
        limit = (
            (task.how.memory_mib or free_mib() // workers) if task.plan.device == "cpu" else None
        )
        folder = task.folder if task.folder.is_dir() else None  # another machine may not have it
        super().__init__(workers, max(workers, 2), limit, {}, folder=folder)

    def handover(self) -> Path:
        """A folder of this thread: numbers of cells begin anew in each."""
        folder = handover_folder() / str(threading.get_ident())
        folder.mkdir(exist_ok=True)
        return folder

    def begin(self, restorers: Iterable[str]) -> None:
        """Ends the workers of others."""
        for other in {*self._restorers} - {*restorers}:
            self.end(other)

    def done_with(self, restorer: str) -> None:
        """Another chunk may come."""

    def close(self) -> None:
        """Ends all workers."""
        self.__exit__()


@dataclass(slots=True)
class _Node:
    """What a thread of a node's process keeps from one chunk to the next."""

    pools: _NodePools
    start: str
    host: dict[str, object] = field(default_factory=dict)
    over: Future[None] = field(default_factory=Future)
    at_work: threading.Lock = field(default_factory=threading.Lock)
    examined: set[tuple[str, ...]] = field(default_factory=set)

    def differs(self, task: ChunkTask) -> str:
        """In what this node differs from the planner's, or nothing; each thing is asked once."""
        plan = task.plan
        about = tuple(item.fingerprint for item in plan.restorers)
        about += (*plan.metric_fingerprints, *(item.name for item in plan.sets))
        if about in self.examined:
            return ""
        asked = self.pools.trusted().submit(
            examine, plan, task.expected, code_here(), timeout=task.how.timeout
        )
        if self.over in wait({asked, self.over}, return_when=FIRST_COMPLETED).done:
            return OVER
        found = outcome(asked, task.how.timeout)
        if isinstance(found, Trouble):
            return found.message
        difference, self.host = found
        if not difference:
            self.examined.add(about)
        return str(difference)


_nodes: dict[int, _Node] = {}
"""By thread: each does one chunk at a time, beside the others."""

_ended: set[str] = set()
"""Starts of runs that have taken leave; a chunk of theirs may still be on its way."""

OVER = "nobody waits for it: its run has ended"


def _node_for(task: ChunkTask) -> _Node:
    thread = threading.get_ident()
    node = _nodes.get(thread)
    if node is None or node.start != task.start:
        if node is not None:
            node.pools.close()
        node = _nodes[thread] = _Node(_NodePools(task), task.start)
    return node


def take_leave(start: str) -> None:
    """Ends the workers that were kept for another chunk, and chunks that nobody waits for.

    Args:
        start: The start of the run that has ended; those of others go on.
    """
    _ended.add(start)
    for thread, node in list(_nodes.items()):
        if node.start == start:
            node.over.set_result(None)
            with node.at_work:  # its chunk hears of it at once
                node.pools.close()
            _nodes.pop(thread, None)


def run_chunk(task: ChunkTask) -> ChunkResult | None:
    """Runs a chunk in this process's workers.

    Returns:
        What came of it; nothing where the task names a file, which then holds it.
    """
    if is_daemonic():
        result = ChunkResult(refused=DAEMONIC)
    else:
        announce(task.plan.imports)
        node = _node_for(task)
        with node.at_work:
            result = ChunkResult(refused=OVER) if task.start in _ended else _run(task, node)
    if task.result is None:
        return result
    write_document(task.result, result.as_json())
    partial_of(task.result).unlink(missing_ok=True)
    return None


def partial_of(result: Path) -> Path:
    """Where a job keeps what it has done so far, for when it is killed."""
    return result.with_suffix(".partial")


def _run(task: ChunkTask, node: _Node) -> ChunkResult:
    if refused := node.differs(task):
        return ChunkResult(refused=refused, host=node.host)
    node.pools.begin(item.name for item in task.plan.restorers)
    with tempfile.TemporaryDirectory(prefix="part-", dir=scratch()) as folder:
        part, shared = Path(folder) / "run", sees(task.run, task.token)
        part.mkdir()
        if shared:
            (task.run / "restored").mkdir(exist_ok=True)
            (part / "restored").symlink_to(task.run / "restored")
        with Store(part, create=True) as store:
            result = _restore_and_score(task, node, store)
        files = {} if shared else dict(_files(part))
        return replace(result, files=files)


def _restore_and_score(task: ChunkTask, node: _Node, store: Store) -> ChunkResult:
    pools, before = node.pools, _kept(task)
    plan = _without(task.plan, before.done())
    for rows in (task.known, before):
        add_part(store, rows)
    told = _Told(store, task, node)
    samples = Samples(store, pools, pools.handover(), task.how.timeout)
    place = Place(host_id(node.host), task.beside)
    timeout, batch = task.how.timeout, task.how.batch
    job = Cells(plan, store, pools, samples, timeout, told, place, batch)
    at_once = pools.most, pools.workers, pools.end, lambda: job.waits
    schedule = Schedule(*at_once, timeout, store, batch, over=node.over)
    try:
        schedule.run(told.until_the_end(job.courses()))
    except JobEnded:
        told.keep()
        raise
    return told.result(job)


def _without(plan: Plan, done: set[Cell]) -> Plan:
    """A chunk's plan without the cells that are done."""
    names = {item.name for item in plan.restorers}
    there = {(cell.set, cell.image) for cell in done if cell.restorer in names}
    ids = {
        name: tuple(image for image in images if (name, image) not in there)
        for name, images in plan.ids.items()
    }
    return replace(plan, ids=ids)


def _kept(task: ChunkTask) -> Part:
    """What an earlier start of the same job has done."""
    if task.result is None:
        return Part()
    try:
        return ChunkResult.read(read_document(partial_of(task.result))).part
    except (OSError, ValueError, TypeError, KeyError):  # there was none
        return Part()


def _files(part: Path) -> Iterator[tuple[str, bytes]]:
    for path in part.rglob("restored/**/*"):
        if path.is_file():
            yield str(path.relative_to(part)), path.read_bytes()


class _Told(Progress):
    """Counts cells, takes their time, and keeps what is done for when this job is killed."""

    def __init__(self, store: Store, task: ChunkTask, node: _Node) -> None:
        self._store, self._task, self._node = store, task, node
        self._cells, self._notes = 0, list[str]()
        self._began = self._last = self._kept = time.monotonic()
        self._first = self._longest = 0.0

    def note(self, text: str) -> None:
        """Kept for the planner's log."""
        self._notes.append(text)

    def advance(self, cell: Cell, note: str) -> None:
        """A cell is done."""
        now = time.monotonic()
        self._first = self._first or now
        self._longest = max(self._longest, now - self._last)
        self._last = now
        self._cells += 1
        due = min(1.0 + (now - self._began) / 10, FLUSH_SECONDS)
        if now - self._kept > due:
            self._kept = now
            self.keep()

    def keep(self) -> None:
        """Leaves what is done where the same job finds it again, and the planner."""
        if self._task.result is not None:
            result = ChunkResult(whole_part(self._store), self._node.host)
            write_document(partial_of(self._task.result), result.as_json())

    def until_the_end(self, courses: Iterator[Course]) -> Iterator[Course]:
        """Courses, as long as the job has time for more."""
        end = ends_at()
        for course in courses:
            if self._node.over.done():
                return
            if end is not None and time.time() > end - SPARE_SECONDS - 2 * self._longest:
                self.note(f"its time is nearly over after {self._cells} cells")
                return
            yield course

    def result(self, job: Cells) -> ChunkResult:
        """What has come of the chunk."""
        return ChunkResult(
            whole_part(self._store),
            self._node.host,
            cells=self._cells,
            restored=job.restored,
            scored=job.scored,
            start=(self._first or self._last) - self._began,
            seconds=self._last - (self._first or self._last),
            notes=tuple(self._notes),
        )
