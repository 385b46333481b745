"""What a cluster costs beside its cells: rates measured here, efficiency simulated with them.

    python tests/performance/many_nodes.py [--cells N] [--write]

Measures, on this machine: cells of 16 x 16 a second by one process and by a Dask of its own, what
the planner spends on a chunk and on a cell's rows, and what a chunk costs a node. The simulation
cuts chunks with the code that cuts them, for as many workers as are not here; the planner is one
server in it, cells vary as real ones do. `--write` puts the tables into docs/clusters.md.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "faults"), str(ROOT / "tests" / "distributing")]

from clusters import dask_cluster  # noqa: E402
from misbehaving import Numbered  # noqa: E402

from harness.distributing.chunking import Chunking  # noqa: E402
from harness.distributing.parts import Part, whole_part  # noqa: E402
from harness.distributing.receiving import Receiver  # noqa: E402
from harness.distributing.runner import run_on  # noqa: E402
from harness.distributing.tasks import ChunkResult, How  # noqa: E402
from harness.executors.dask import DaskExecutor  # noqa: E402
from harness.protocols import Benchmark, Evaluation  # noqa: E402
from harness.protocols.executor import Chunk  # noqa: E402
from harness.running.plan import Plan, make_plan  # noqa: E402
from harness.running.progress import Progress  # noqa: E402
from harness.running.runner import run_plan  # noqa: E402
from harness.storage.store import Store  # noqa: E402

PAGE = ROOT / "docs" / "clusters.md"
MARKS = "<!-- many_nodes.py writes what follows -->\n", "<!-- to here -->"
WORKERS = (8, 32, 128, 512, 1024)
CELL_SECONDS = (0.15, 2.0, 20.0)
WORK_SECONDS = 600.0
"""What each worker has to do in the simulation: the shorter, the more beginning and end count."""

TRIES = 8
"""Chunks that are written, to see what writing costs."""

SPREAD = 0.5
"""Standard deviation of a cell's time, of its mean."""


@dataclass(frozen=True)
class Measured:
    """What was measured here.

    Attributes:
        local: Cells a second of one process.
        dask: Of a Dask with as many workers.
        chunk: Seconds of the planner for a chunk.
        row: Seconds of the planner for a cell's rows, a chunk a transaction.
        alone: The same, a cell a transaction.
        start: Seconds that a chunk costs a node beside its cells.
    """

    local: float
    dask: float
    chunk: float
    row: float
    alone: float
    start: float


def tiny_plan(cells: int) -> Plan:
    images = tuple(f"i{number:06d}" for number in range(cells))
    sets = (Numbered(images=images, size=16),)
    return make_plan(Benchmark("test", "", sets, ("psnr",), Evaluation("rgb")), ["identity"])


def timed(run, folder: Path, plan: Plan) -> float:
    started = time.perf_counter()
    run(plan, folder)
    return plan.cells() / (time.perf_counter() - started)


def measure(cells: int, folder: Path) -> Measured:
    plan, few = tiny_plan(cells), tiny_plan(8)
    local = partial(run_plan, workers=2)
    with dask_cluster(folder, workers=2) as cluster:

        def dask(plan: Plan, run: Path) -> None:
            run_on(DaskExecutor(str(cluster.file)), plan, run, How(workers=1))

        for name, run in (("a", local), ("b", dask)):  # imports, pools, caches
            run(few, folder / f"warm-{name}")
        rates = timed(local, folder / "local", plan), timed(dask, folder / "dask", plan)
        chunk = dispatching(DaskExecutor(str(cluster.file)), folder)
    with Store(folder / "local") as store:
        part = whole_part(store)
    return Measured(*rates, chunk, *writing(part, folder), starting(folder))


def nothing() -> None:
    """A chunk that costs nothing."""


def dispatching(executor: DaskExecutor, folder: Path, chunks: int = 500) -> float:
    """CPU seconds of the planner for a chunk on its way out and back."""
    executor.open(folder)
    payload = partial(_payload, b"x" * 4000)
    few = [Chunk(f"bench-{n}", 1, 1.0, payload, Path()) for n in range(chunks)]
    worked = time.process_time()
    for future in executor.submit(few):
        future.result(120)
    worked = time.process_time() - worked
    executor.close()
    return worked / chunks


def _payload(_content: bytes) -> None:
    nothing()


def writing(part: Part, folder: Path, size: int = 500) -> tuple[float, float]:
    """Seconds for a cell's rows, by the chunk and one by one: medians over the same cells."""
    parts = list(_cut(part, size))[:TRIES]
    seconds = []
    for name, cells in (("batched", size), ("alone", 1)):
        with Store(folder / name, create=True) as store:
            with Store(folder / "local") as other:
                receiver = Receiver(store, other.require_header(), Progress())
            for whole in parts:
                started = time.perf_counter()
                for piece in _cut(whole, cells):
                    store.batch()
                    receiver.take(ChunkResult(piece))
                    store.commit()
                seconds.append((time.perf_counter() - started) / len(whole.cells))
    return median(seconds[: len(parts)]), median(seconds[len(parts) :])


def _cut(part: Part, size: int) -> Iterator[Part]:
    for start in range(0, len(part.cells), size):
        cells = part.cells[start : start + size]
        images = {row[2] for row in cells}
        samples = tuple(row for row in part.samples[start : start + size] if row[1] in images)
        scores = tuple(row for row in part.scores[start : start + size] if row[2] in images)
        yield Part(samples, cells, scores)


def starting(folder: Path) -> float:
    """What a chunk costs a node that has its workers already."""
    from harness.distributing import job
    from harness.executors.local import LocalExecutor

    times: list[float] = []
    run_chunk = job.run_chunk

    def watched(task):
        started = time.perf_counter()
        result = run_chunk(task)
        times.append(time.perf_counter() - started - result.seconds)
        return result

    job.run_chunk = watched
    executor = LocalExecutor("")
    executor.chunk_seconds = 1e-4  # chunks of few cells
    run_on(executor, tiny_plan(60), folder / "start", How(workers=1))
    job.run_chunk = run_chunk
    return sorted(times)[len(times) // 2]


def simulate(workers: int, cell_seconds: float, known: Measured) -> float:
    """The share of the workers' time in which they restore, with chunks as they are cut."""
    generator = random.Random(7)
    cells = int(workers * WORK_SECONDS / cell_seconds)
    chunking = Chunking({"r": deque([("s", "i")] * cells)}, 10.0, workers)
    events: list[tuple[float, int, int, float]] = []  # time, number, cells, restoring; 0: arrives
    waiting: deque[int] = deque()
    idle, flying, number, free, restoring = workers, 0, 0, 0.0, 0.0

    def push(when: float, count: int, seconds: float) -> None:
        nonlocal number
        number += 1
        heapq.heappush(events, (when, number, count, seconds))

    def submit(now: float) -> float:
        nonlocal flying
        while flying < 2 * workers + 2 and (taken := chunking.take()) is not None:
            now += known.chunk
            flying += 1
            push(now, len(taken[1]), -1.0)
        return now

    def begin(now: float, count: int) -> None:
        mean, wide = count * cell_seconds, SPREAD * cell_seconds * math.sqrt(count)
        seconds = max(0.1 * mean, generator.gauss(mean, wide))
        push(now + known.start + seconds, count, seconds)

    free = submit(0.0)
    while events:
        now, _, count, seconds = heapq.heappop(events)
        if seconds < 0:
            waiting.append(count)
        else:
            idle += 1
            restoring += seconds
            flying -= 1
            chunking.learn("r", {"s"}, seconds, count)
            free = submit(max(free, now) + count * known.row)
        while idle and waiting:
            idle -= 1
            begin(now, waiting.popleft())
        last = max(now, free)
    return restoring / (workers * last)


def tables(known: Measured, cells: int) -> str:
    rows = [
        ("cells of 16 x 16 a second, one process, two workers", f"{known.local:.0f}"),
        ("the same by a Dask of two workers", f"{known.dask:.0f}"),
        ("of the rate of one process", f"{known.dask / known.local:.2f}"),
        ("planner, for a chunk out and back: CPU ms", f"{1000 * known.chunk:.1f}"),
        ("planner, for a cell's rows, a chunk a transaction: ms", f"{1000 * known.row:.2f}"),
        ("the same, a cell a transaction: ms", f"{1000 * known.alone:.2f}"),
        ("node, for a chunk beside its cells: ms", f"{1000 * known.start:.0f}"),
    ]
    found = [f"Measured here, {cells:,} cells:\n", "| what | value |", "|---|---|"]
    found += [f"| {what} | {value} |" for what, value in rows]
    found += ["\nSimulated: workers' time spent on cells, ten minutes of work each.\n"]
    head = " | ".join(f"{seconds:g} s a cell" for seconds in CELL_SECONDS)
    found += [f"| workers | {head} |", "|---|" + "---|" * len(CELL_SECONDS)]
    for workers in WORKERS:
        shares = (f"{100 * simulate(workers, each, known):.0f} %" for each in CELL_SECONDS)
        found.append(f"| {workers:,} | {' | '.join(shares)} |")
    return "\n".join(found) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=int, default=20_000)
    parser.add_argument("--write", action="store_true")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="restobench-bench-") as folder:
        known = measure(told.cells, Path(folder))
    print(known, file=sys.stderr)
    text = tables(known, told.cells)
    print(text)
    if told.write:
        page = PAGE.read_text()
        before, rest = page.split(MARKS[0])
        after = rest.partition(MARKS[1])[2]
        PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
