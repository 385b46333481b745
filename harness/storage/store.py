"""A run on disk: one SQLite file with a row for each cell, score and failure.

Only the parent process writes it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Literal

from harness.errors import StoreError
from harness.results import Cell, Failure, Restored, Run, RunData, Score, Skipped
from harness.storage.database import Database
from harness.storage.images.samples import StoredSample
from harness.storage.marks import Mark
from harness.storage.metadata import (
    ADDED,
    COPY,
    RANKED,
    SET_SCORES,
    read_header,
    read_set_scores,
    write_more,
    write_run,
)
from harness.storage.places import FILENAME as FILENAME
from harness.storage.places import find_store
from harness.storage.rows import (
    CELL,
    CELL_COLUMNS,
    TRUTHS,
    failure_row,
    flat,
    read_rows,
    restored_of,
    restored_row,
    score_row,
)


class Store:
    """The open store of one run folder.

    Args:
        folder: The run folder.
        create: Whether to make a new store when there is none, and to write into it.
        known: The mark that it had when this process closed it.

    Attributes:
        damaged: Rows that did not fit their checksums, and are left out.
        unchanged: Whether nobody has written to it since it was given that mark.

    Raises:
        StoreError: No run there, damaged, or written by a newer version.
    """

    def __init__(self, folder: Path, *, create: bool = False, known: Mark | None = None) -> None:
        self.folder = folder
        database = self._database = Database(
            find_store(folder, create), writing=create, known=known
        )
        self.unchanged = database.unchanged
        self.damaged = sum(database.lost.values())
        self._said: Run | None = None
        self._headless = not create and database.lost.get("meta", 0) > 0
        self.transaction, self.batch = database.transaction, database.batch
        self.commit, self._rows, self._insert = database.commit, database.rows, database.insert

    def close(self) -> None:
        """Ends a batch and closes the file."""
        self._database.close()

    @property
    def mark(self) -> Mark | None:
        """What tells, once it is closed, whether others write to it afterwards."""
        return self._database.mark

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def read_header(self) -> Run | None:
        """What the run says of itself, or `None` for one that was never planned."""
        rows = self._rows("SELECT key, value FROM meta")
        try:
            return read_header(rows, whole=self._headless)
        except (TypeError, ValueError) as error:  # what no version of ours writes
            raise self.damage(error) from error

    def damage(self, error: Exception) -> StoreError:
        """What is said of rows that are whole and yet hold what no version of ours writes."""
        return StoreError(
            f"{self.folder / FILENAME} is damaged ({error}): the same `restobench run` mends it"
        )

    def require_header(self) -> Run:
        """What the run says of itself.

        Raises:
            StoreError: It was never planned.
        """
        run = self.read_header()
        if run is None:
            raise StoreError(
                f"{self.folder} is no complete run: it was stopped before anything ran; run it "
                "again"
            )
        return run

    def write_header(self, run: Run) -> None:
        """Writes what the run says of itself."""
        if self._said is not None:
            self.set_meta(**write_more(run, self._said))
            self._said = run
            return
        said = write_run(run)
        with self.transaction():
            self._rows("DELETE FROM meta WHERE key GLOB ?", f"{ADDED}*")
            self.set_meta(**said, **{COPY: {name: said[name] for name in RANKED}})

    def go_on(self, run: Run) -> None:
        """Tells what the header says: of what is written from now on, what is new is added."""
        self._said = run

    def set_meta(self, **values: object) -> None:
        """Writes JSON values by key."""
        # what a third party says of itself may be nothing that JSON has
        texts = ((key, json.dumps(value, default=str)) for key, value in values.items())
        self._insert("meta", list(texts))

    def read_meta(self, key: str) -> object:
        """A value that `set_meta` wrote, or `None`."""
        row = self._rows("SELECT value FROM meta WHERE key = ?", key).fetchone()
        return json.loads(row[0]) if row else None

    def add_sample(self, sample: StoredSample) -> None:
        """Records the hashes of a sample, where they are new.

        What was restored from another degraded image, or scored beside another reference, by
        whatever restorer, is of another sample: it goes.
        """
        key, degraded = (sample.set, sample.image), sample.degraded.sha256
        reference = None if sample.reference is None else sample.reference.sha256
        here, row = "set_name = ? AND image = ?", (*key, degraded, reference)
        before = self.sample_hashes(*key)
        if before is None:
            self._insert("samples", [row])
        elif before != row[2:]:
            with self.transaction():
                self._rows(f"DELETE FROM scores WHERE {here}", *key)
                if before[0] != degraded:
                    self._rows(f"DELETE FROM cells WHERE {here}", *key)
                self._insert("samples", [row])

    def drop_outdated(self, metrics: Mapping[str, str]) -> None:
        """Removes scores by versions of metrics other than these fingerprints, of all restorers.

        They must not be ranked beside what is scored now, and a metric that fails now must not
        leave them standing.
        """
        with self.transaction():
            for name, wanted in metrics.items():
                self._rows("DELETE FROM scores WHERE metric = ? AND fingerprint <> ?", name, wanted)

    def drop_restorers(self, names: Collection[str]) -> None:
        """Removes restorers with all that is known of them."""
        run, drop = self.require_header(), "DELETE FROM {} WHERE restorer = ?"
        cards = {name: card for name, card in run.restorers.items() if name not in names}
        with self.transaction():
            for table, name in product(("cells", "scores", "failures", "skipped"), names):
                self._rows(drop.format(table), name)
            self.write_header(replace(run, restorers=cards))

    def add_restored(self, image: Restored) -> None:
        """Records a restored image that is not scored yet, as `add_scores` does."""
        self.add_scores([], [], {}, image)

    def add_scores(
        self,
        scores: Sequence[Score],
        failures: Sequence[Failure],
        fingerprints: Mapping[str, str],
        image: Restored,
    ) -> None:
        """Records what the metrics said of one restored image, and the image, in one transaction.

        A failure to restore it goes, and what is of an earlier image; what other metrics failed
        with on this one stays.

        Args:
            scores: What they said.
            failures: Those that said nothing.
            fingerprints: Of the metrics.
            image: What they saw.
        """
        key, names, sha256 = flat(image.cell), [item.metric for item in scores], image.sha256
        another = f"? NOT IN (SELECT sha256 FROM cells WHERE {CELL})"
        over = f"{CELL} AND (metric IN (''{', ?' * len(names)}) OR {another})"
        with self.transaction():
            self._rows(f"DELETE FROM failures WHERE {over}", *key, *names, sha256, *key)
            self._rows(f"DELETE FROM scores WHERE {CELL} AND sha256 <> ?", *key, sha256)
            self._insert("cells", [restored_row(image)])
            self._insert("scores", [score_row(s, fingerprints[s.metric], image) for s in scores])
            self._insert("failures", map(failure_row, failures))

    def add_failure(self, failure: Failure) -> None:
        """Records a failure; what an earlier attempt at the same cell left is removed."""
        with self.transaction():
            for table in ("cells", "scores", "failures") if failure.metric is None else ():
                self._rows(f"DELETE FROM {table} WHERE {CELL}", *flat(failure.cell))
            self._insert("failures", [failure_row(failure)])

    def replace_skipped(self, skipped: Sequence[Skipped]) -> None:
        """Records what is skipped, in place of what an earlier start of this run skipped."""
        with self.transaction():
            self._rows("DELETE FROM skipped")
            self._insert("skipped", [(row.restorer or "", row.set, row.reason) for row in skipped])

    def find_restored(self, cell: Cell) -> Restored | None:
        """A restored image whose file is still there."""
        columns = ", ".join(CELL_COLUMNS)
        row = self._rows(f"SELECT {columns} FROM cells WHERE {CELL}", *flat(cell)).fetchone()
        if row is None or not (self.folder / row[3]).is_file():
            return None
        return restored_of(*row[:-TRUTHS], *map(bool, row[-TRUTHS:]))

    def score_keys(self, cell: Cell) -> dict[str, tuple[str, str]]:
        """Metric -> its fingerprint, and the hash of the image that it scored."""
        query = f"SELECT metric, fingerprint, sha256 FROM scores WHERE {CELL}"
        return {row[0]: (row[1], row[2]) for row in self._rows(query, *flat(cell))}

    def sample_hashes(self, set_name: str, image: str) -> tuple[str, str | None] | None:
        """The pixel hashes of a sample's degraded image and of its reference, if it was made."""
        columns, key = "degraded_sha256, reference_sha256", "set_name = ? AND image = ?"
        query = f"SELECT {columns} FROM samples WHERE {key}"
        row: tuple[str, str | None] | None = self._rows(query, set_name, image).fetchone()
        return row

    def count_fingerprints(self, kind: Literal["restorer", "metric"]) -> Counter[tuple[str, str]]:
        """How many images or scores there are of each restorer or metric and its fingerprint."""
        table = "cells" if kind == "restorer" else "scores"
        query = f"SELECT {kind}, fingerprint, count(*) FROM {table} GROUP BY 1, 2"
        return Counter({(row[0], row[1]): int(row[2]) for row in self._rows(query)})

    def count_failures(self) -> int:
        """How many failure rows the run holds."""
        return int(self._rows("SELECT count(*) FROM failures").fetchone()[0])

    def read(self, run: Run | None = None, names: Collection[str] | None = None) -> RunData:
        """Reads the whole run, or what it holds of some restorers.

        Args:
            run: What it says of itself, where that is known.
            names: Of restorers; `None`: all.

        Raises:
            StoreError: The run was never planned: it holds no metadata.
        """
        run = self.require_header() if run is None else run
        set_scores = read_set_scores(self.read_meta(SET_SCORES))
        return replace(read_rows(self._rows, run, names), set_scores=set_scores)


def load_header(folder: Path) -> Run:
    """Reads what a run folder says of its run.

    Raises:
        StoreError: No run there, never planned, damaged, or written by a newer version.
    """
    with Store(folder) as store:
        return store.require_header()


def load_run(folder: Path) -> RunData:
    """Reads a run folder.

    Raises:
        StoreError: No run there, damaged, or written by a newer version.
    """
    with Store(folder) as store:
        try:
            return replace(store.read(), lost=store.damaged)
        except (TypeError, ValueError, KeyError) as error:  # what no version of ours writes
            raise store.damage(error) from error
