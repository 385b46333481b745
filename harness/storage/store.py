"""A run on disk: one SQLite file with a row for each cell, score and failure. Only the parent process writes it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import StoreError
from harness.results import (
    Cell,
    CellRecord,
    Failure,
    FailureKind,
    Run,
    RunData,
    Score,
    Skipped,
    Timing,
)
from harness.results.columns import Rows, ScoreColumns, read_columns
from harness.storage.places import previews
from harness.storage.samples import StoredSample

SCHEMA_VERSION = 2
FILENAME = "results.sqlite"

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE samples (
    set_name TEXT, image TEXT, degraded_sha256 TEXT NOT NULL, reference_sha256 TEXT,
    PRIMARY KEY (set_name, image)) WITHOUT ROWID;
CREATE TABLE cells (
    restorer TEXT, set_name TEXT, image TEXT, fingerprint TEXT NOT NULL, degraded_sha256 TEXT NOT NULL,
    restored TEXT NOT NULL, sha256 TEXT NOT NULL, seconds REAL NOT NULL, peak_mib REAL NOT NULL,
    cuda_mib REAL, flops INTEGER, tile INTEGER, precision TEXT, fell_back INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (restorer, set_name, image)) WITHOUT ROWID;
CREATE TABLE scores (
    restorer TEXT, set_name TEXT, image TEXT, metric TEXT, fingerprint TEXT NOT NULL, sha256 TEXT NOT NULL,
    value REAL NOT NULL, spread REAL, PRIMARY KEY (restorer, set_name, image, metric)) WITHOUT ROWID;
CREATE TABLE failures (
    restorer TEXT, set_name TEXT, image TEXT, metric TEXT NOT NULL DEFAULT '', kind TEXT NOT NULL,
    message TEXT NOT NULL, PRIMARY KEY (restorer, set_name, image, metric)) WITHOUT ROWID;
CREATE TABLE skipped (restorer TEXT NOT NULL DEFAULT '', set_name TEXT, reason TEXT NOT NULL,
    PRIMARY KEY (restorer, set_name)) WITHOUT ROWID;
"""

_UPGRADES = {
    1: """
ALTER TABLE cells ADD COLUMN cuda_mib REAL;
ALTER TABLE cells ADD COLUMN flops INTEGER;
ALTER TABLE cells ADD COLUMN tile INTEGER;
ALTER TABLE cells ADD COLUMN precision TEXT;
ALTER TABLE cells ADD COLUMN fell_back INTEGER NOT NULL DEFAULT 0;
"""
}
"""What leads from a schema to the next; a store of an older version is brought up to date where it lies."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored image in the run.

    Attributes:
        path: Relative to the run folder.
        sha256: Pixel hash of the restored image.
        seconds: This and what follows: see `harness.results.Timing`.
    """

    cell: Cell
    fingerprint: str
    degraded_sha256: str
    path: str
    sha256: str
    seconds: float
    peak_mib: float
    cuda_mib: float | None = None
    flops: int | None = None
    tile: int | None = None
    precision: str | None = None
    fell_back: bool = False


class Store:
    """The open store of one run folder.

    Args:
        folder: The run folder.
        create: Whether to make a new store when there is none.

    Raises:
        StoreError: No run there, damaged, or written by a newer version.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = folder
        path = folder / FILENAME
        if not path.is_file():
            if not create:
                raise StoreError(
                    f"{folder} is no run: it has no {FILENAME}; `restobench run --out {folder}` "
                    "makes one"
                )
            folder.mkdir(parents=True, exist_ok=True)
        try:
            self._database = sqlite3.connect(path, isolation_level=None)
            self._open(path)
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{path} is damaged ({error}): use another --out, or --fresh to start again"
            ) from error

    def _open(self, path: Path) -> None:
        version = self._database.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{path} has schema {version}, this version reads up to {SCHEMA_VERSION}: upgrade "
                "restobench"
            )
        # WAL with NORMAL survives a killed process with every committed row
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        if version < SCHEMA_VERSION:
            script = (
                _SCHEMA
                if version == 0
                else "".join(_UPGRADES[old] for old in range(version, SCHEMA_VERSION))
            )
            with self.transaction():
                for statement in filter(None, map(str.strip, script.split(";"))):
                    self._database.execute(statement)
                self._database.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def close(self) -> None:
        """Folds the write-ahead log into the file and closes it."""
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._database.close()

    def __enter__(self) -> Store:
        """Opens nothing more: the constructor has."""
        return self

    def __exit__(self, *error: object) -> None:
        """Closes the store."""
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written, or nothing is."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def get_meta(self, key: str) -> Any:
        """A JSON value by key, or `None`."""
        row = self._database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row else None

    def set_meta(self, **values: Any) -> None:
        """Writes JSON values by key."""
        rows = [(key, json.dumps(value)) for key, value in values.items()]
        self._database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def add_sample(self, sample: StoredSample) -> None:
        """Records the hashes of a sample; cells of another degraded image count as missing from then on."""
        self._database.execute(
            "INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?)",
            (sample.set, sample.image, sample.degraded_sha256, sample.reference_sha256),
        )

    def add_restored(self, restored: Restored) -> None:
        """Records a restored image; clears an earlier failure and the scores of an earlier image."""
        key = (restored.cell.restorer, restored.cell.set, restored.cell.image)
        where = "WHERE restorer = ? AND set_name = ? AND image = ?"
        with self.transaction():
            self._database.execute(f"DELETE FROM failures {where}", key)  # noqa: S608 - no value is in the text
            self._database.execute(
                f"DELETE FROM scores {where} AND sha256 <> ?",  # noqa: S608 - likewise
                (*key, restored.sha256),
            )
            self._database.execute(
                "INSERT OR REPLACE INTO cells VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *key,
                    restored.fingerprint,
                    restored.degraded_sha256,
                    restored.path,
                    restored.sha256,
                    restored.seconds,
                    restored.peak_mib,
                    restored.cuda_mib,
                    restored.flops,
                    restored.tile,
                    restored.precision,
                    restored.fell_back,
                ),
            )

    def add_scores(
        self,
        scores: Sequence[Score],
        failures: Sequence[Failure],
        fingerprints: Mapping[str, str],
        sha256: str,
    ) -> None:
        """Records what the metrics said of one restored image, in one transaction."""
        with self.transaction():
            for score in scores:
                cell = score.cell
                self._database.execute(
                    "DELETE FROM failures WHERE restorer = ? AND set_name = ? AND image = ? AND "
                    "metric = ?",
                    (cell.restorer, cell.set, cell.image, score.metric),
                )
                self._database.execute(
                    "INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        cell.restorer,
                        cell.set,
                        cell.image,
                        score.metric,
                        fingerprints[score.metric],
                        sha256,
                        score.value,
                        score.spread,
                    ),
                )
            for failure in failures:
                self._insert_failure(failure)

    def add_failure(self, failure: Failure) -> None:
        """Records a failure; what an earlier attempt at the same cell left is removed."""
        cell = failure.cell
        with self.transaction():
            if failure.metric is None:
                for table in ("cells", "scores", "failures"):
                    self._database.execute(
                        f"DELETE FROM {table} WHERE restorer = ? AND set_name = ? AND image = ?",  # noqa: S608
                        (cell.restorer, cell.set, cell.image),
                    )
            self._insert_failure(failure)

    def _insert_failure(self, failure: Failure) -> None:
        cell = failure.cell
        self._database.execute(
            "INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?)",
            (
                cell.restorer,
                cell.set,
                cell.image,
                failure.metric or "",
                failure.kind.value,
                failure.message,
            ),
        )

    def replace_skipped(self, skipped: Sequence[Skipped]) -> None:
        """Records what is skipped, in place of what an earlier start of this run skipped."""
        with self.transaction():
            self._database.execute("DELETE FROM skipped")
            self._database.executemany(
                "INSERT OR REPLACE INTO skipped VALUES (?, ?, ?)",
                [(skip.restorer or "", skip.set, skip.reason) for skip in skipped],
            )

    def restored(self) -> dict[Cell, Restored]:
        """Every restored image whose file is still there."""
        return {item.cell: item for item in self._cells() if (self.folder / item.path).is_file()}

    def _cells(self) -> list[Restored]:
        rows = self._database.execute("SELECT * FROM cells").fetchall()
        return [Restored(Cell(*row[:3]), *(*row[3:-1], bool(row[-1]))) for row in rows]

    def score_keys(self) -> dict[tuple[Cell, str], tuple[str, str]]:
        """(cell, metric) -> (metric's fingerprint, hash of the image it scored)."""
        rows = self._database.execute(
            "SELECT restorer, set_name, image, metric, fingerprint, sha256 FROM scores"
        )
        return {(Cell(*row[:3]), row[3]): (row[4], row[5]) for row in rows}

    def read(self) -> RunData:
        """Reads the whole run.

        Raises:
            StoreError: The run was never planned: it holds no metadata.
        """
        meta = {
            key: json.loads(value)
            for key, value in self._database.execute("SELECT key, value FROM meta")
        }
        if "plan" not in meta:
            raise StoreError(
                f"{self.folder} is no complete run: it was stopped before anything ran; run it "
                "again"
            )
        query = self._database.execute
        columns = read_columns(
            query(f"SELECT {', '.join(_CELL_COLUMNS)} FROM cells"),  # noqa: S608 - our own names
            len(_CELL_COLUMNS),
        )
        return RunData(
            run=Run(
                meta["id"],
                meta["started"],
                meta["plan"]["benchmark"],
                meta["plan"],
                meta["restorers"],
                meta["metrics"],
                meta["environment"],
                meta["status"],
            ),
            scores=ScoreColumns.from_rows(
                query("SELECT restorer, set_name, image, metric, value, spread FROM scores")
            ),
            failures=tuple(
                Failure(Cell(*row[:3]), FailureKind(row[4]), row[5], row[3] or None)
                for row in query(
                    "SELECT restorer, set_name, image, metric, kind, message FROM failures"
                )
            ),
            timings=Rows(_timing, [*columns[:3], *columns[5:]]),
            skipped=tuple(
                Skipped(row[0] or None, *row[1:])
                for row in query("SELECT restorer, set_name, reason FROM skipped")
            ),
            cells=Rows(_record, columns[:5]),
            samples={
                (row[0], row[1]): {
                    **previews(row[0], row[1], row[3] is not None),
                    "degraded_sha256": row[2],
                    "reference_sha256": row[3],
                }
                for row in query(
                    "SELECT set_name, image, degraded_sha256, reference_sha256 FROM samples"
                )
            },
        )


_CELL_COLUMNS = (
    "restorer", "set_name", "image", "restored", "sha256", "seconds", "peak_mib", "cuda_mib", "flops", "tile",
    "precision", "fell_back",
)  # fmt: skip


def _record(restorer: str, set_name: str, image: str, restored: str, sha256: str) -> CellRecord:
    return CellRecord(Cell(restorer, set_name, image), restored, sha256)


def _timing(
    restorer: str,
    set_name: str,
    image: str,
    seconds: float,
    peak_mib: float,
    cuda_mib: float | None,
    flops: int | None,
    tile: int | None,
    precision: str | None,
    fell_back: int,
) -> Timing:
    cell = Cell(restorer, set_name, image)
    return Timing(cell, seconds, peak_mib, cuda_mib, flops, tile, precision, bool(fell_back))


def load_run(folder: Path) -> RunData:
    """Reads a run folder.

    Raises:
        StoreError: No run there, damaged, or written by a newer version.
    """
    with Store(folder) as store:
        return store.read()
