"""Takes in what nodes have made: this process alone writes the run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.atomic import atomic_file
from harness.distributing.parts import Part, strange_samples, take_in
from harness.distributing.tasks import ChunkResult
from harness.results import Cell, Run
from harness.running.progress import Progress
from harness.storage.provenance import host_id
from harness.storage.store import Store


class Receiver:
    """Writes results into a run, a chunk a transaction.

    Args:
        store: Of the run.
        run: What it says of itself.
        progress: Told of every cell.

    Attributes:
        run: What it says of itself now.
        restored: Images that restorers made this time.
        scored: Images that metrics saw this time.
        chunks: How many were taken in.
    """

    def __init__(self, store: Store, run: Run, progress: Progress) -> None:
        self._store, self._progress = store, progress
        self.run, self.restored, self.scored, self.chunks = run, 0, 0, 0
        self._samples: set[tuple[str, str]] = set()

    def differs(self, result: ChunkResult) -> str:
        """In what a chunk's samples differ from those of other nodes, or nothing."""
        for where in strange_samples(self._store, result.part):
            if where in self._samples:
                return f"the pixels of {'/'.join(where)} differ from those of another node"
        return ""

    def take(self, result: ChunkResult) -> set[Cell]:
        """Writes what a chunk has done.

        Returns:
            Its cells that are done.
        """
        for name, content in result.files.items():
            self._keep(name, content)
        done = take_in(self._store, result.part)
        self._samples.update((str(row[0]), str(row[1])) for row in result.part.samples)
        self.restored, self.scored = self.restored + result.restored, self.scored + result.scored
        self.chunks += 1
        self._meet(result.host)
        for line in result.notes:
            self._progress.note(f"{result.host.get('name', 'a node')}: {line}")
        self._tell(result.part, done)
        return done

    def _meet(self, host: Mapping[str, object]) -> None:
        """Tells of a node that is new here, and writes what it is beside the rows that name it."""
        if host and (name := host_id(host)) not in self.run.hosts():
            self.run = self.run.with_hosts({name: host})
            self._store.set_meta(environment=self.run.environment)
            what = self.run.hardware(name)
            self._progress.note(f"{host.get('name')} takes part: {what}")

    def _keep(self, name: str, content: bytes) -> None:
        """Keeps an image of a node that does not see the run folder."""
        path = Path(name)
        if path.parts[:1] != ("restored",) or ".." in path.parts:
            raise ValueError(f"a node has sent a file called {name!r}")
        target = self._store.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(target) as partial:
            partial.write_bytes(content)

    def _tell(self, part: Part, done: Iterable[Cell]) -> None:
        failed = {row[:3]: f"failed: {row[5]}" for row in part.failures if not row[3]}
        metrics: dict[tuple[object, ...], list[str]] = {}
        for row in part.failures:
            if row[3]:
                metrics.setdefault(row[:3], []).append(str(row[3]))
        for cell in sorted(done, key=lambda cell: (cell.set, cell.image)):
            key = (cell.restorer, cell.set, cell.image)
            names = metrics.get(key, ())
            self._progress.advance(
                cell, failed.get(key) or (f"failed: {', '.join(names)}" if names else "done")
            )
