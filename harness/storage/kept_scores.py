"""Scores that were measured before, in the user's cache, for whatever process asks.

One SQLite file. It is a cache: when it is damaged or cannot be written, scores are made again.
"""

import fcntl
import math
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import xxhash

from harness.results import MetricValue
from harness.storage.places import cache_folder

FILENAME = "scores-1.sqlite"
"""With the version of its tables: another version of restobench has a file of its own."""

# no column has a type: SQLite would turn -0.0 into 0
_TABLES = (
    "CREATE TABLE IF NOT EXISTS pixels (key PRIMARY KEY, sha256, content, checksum) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS scores (key PRIMARY KEY, value, spread, checksum) WITHOUT ROWID",
)

_BUSY_SECONDS = 30.0

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""No database, a damaged one, or one with other tables."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pixels:
    """What tells an image by its pixels.

    Attributes:
        sha256: `harness.images.image_hash`.
        content: `harness.images.content_key`.
    """

    sha256: str
    content: str


class KeptScores:
    """The kept scores, and which pixels a file holds; never raises for the state of the disk.

    Several processes may use it at once. What is kept survives a killed process. A row that does
    not fit its checksum is as if it were not there.

    Args:
        folder: Where the file is; by default that of the cache. It is made when it is needed.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.path = (folder or cache_folder("scores")) / FILENAME
        self._database: sqlite3.Connection | None = None
        self._inode = 0
        self._given_up = False
        self._notes: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def take_notes(self) -> tuple[str, ...]:
        """What went wrong since the last call, a line each, for whoever can tell the user."""
        notes, self._notes = tuple(self._notes), []
        return notes

    def pixels(self, file: str) -> Pixels | None:
        """The pixels of a file.

        Args:
            file: Hash of its bytes and of whatever else its pixels depend on.
        """
        query = "SELECT sha256, content, checksum FROM pixels WHERE key = ?"
        row = self._believed(query, file)
        return Pixels(*row) if row else None

    def score(self, key: str) -> MetricValue | None:
        """A score.

        Args:
            key: Hash of everything it depends on.
        """
        query = "SELECT value, spread, checksum FROM scores WHERE key = ?"
        row = self._believed(query, key)
        return MetricValue(*row) if row else None

    def keep_pixels(self, file: str, pixels: Pixels) -> None:
        """Keeps the pixels of a file."""
        row = file, pixels.sha256, pixels.content
        self._write("INSERT OR REPLACE INTO pixels VALUES (?, ?, ?, ?)", [row])

    def keep_scores(self, scores: Iterable[tuple[str, MetricValue]]) -> None:
        """Keeps scores by their keys, all or none; NaN is no score."""
        rows = [
            (key, found.value, found.spread)
            for key, found in scores
            if not math.isnan(found.value) and not math.isnan(found.spread or 0.0)
        ]
        self._write("INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?)", rows)

    def count(self) -> int:
        """How many scores are kept; the file is not made for it."""
        if not self.path.is_file():
            return 0
        query = "SELECT count(*) FROM scores"
        found = self._ask(lambda database: int(database.execute(query).fetchone()[0]))
        return found or 0

    def clear(self) -> int:
        """Removes everything, in other processes' sight too; says how many scores that were."""
        count = self.count()
        if self.path.is_file():
            self._ask(_empty)
        self.path.with_suffix(".damaged").unlink(missing_ok=True)
        return count

    def _believed(self, query: str, key: str) -> tuple[Any, ...] | None:
        """A row without its checksum, if it fits."""
        found: tuple[Any, ...] | None = self._ask(
            lambda database: database.execute(query, (key,)).fetchone()
        )
        fits = found is not None and found[-1] == _checksum((key, *found[:-1]))
        return found[:-1] if found and fits else None

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        def write(database: sqlite3.Connection) -> None:
            with database:  # a transaction
                database.executemany(statement, [(*row, _checksum(row)) for row in rows])

        if rows:
            self._ask(write)

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T | None:
        """What the database says; `None` without one. A damaged one is set aside once."""
        if self._given_up:
            return None
        try:
            try:
                return question(self._connected())
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGE:
                    raise
                self._set_aside(error)
                return question(self._connected())
        except (OSError, sqlite3.Error) as error:
            self._given_up = True
            reason = getattr(error, "strerror", None) or error
            self._notes.append(f"scores are not kept: {self.path}: {reason}")
            return None

    def _connected(self) -> sqlite3.Connection:
        if self._database is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._alone():
                self._database = sqlite3.connect(self.path, timeout=_BUSY_SECONDS)
                self._inode = self.path.stat().st_ino
                # a damaged text is for its checksum to find
                self._database.text_factory = lambda text: text.decode(errors="replace")
                # WAL with NORMAL survives a killed process with every committed row
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.execute("PRAGMA synchronous=NORMAL")
                for table in _TABLES:
                    self._database.execute(table)
        return self._database

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        self._close()
        with self._alone():
            if self.path.stat().st_ino != self._inode:
                return  # another process has done it
            for suffix in ("-wal", "-shm"):  # they would be taken for those of the new file
                Path(f"{self.path}{suffix}").unlink(missing_ok=True)
            self.path.replace(self.path.with_suffix(".damaged"))
        self._notes.append(
            f"{self.path} was damaged ({error}) and is set aside: scores are made again"
        )

    def _close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody opens the file while another sets it aside."""
        # to be read as well: then nobody waits for another end of a pipe in its place
        file = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)


def _checksum(row: tuple[object, ...]) -> bytes:
    return xxhash.xxh3_64_digest(repr(row).encode())


def _empty(database: sqlite3.Connection) -> None:
    with database:
        database.execute("DELETE FROM scores")
        database.execute("DELETE FROM pixels")
    database.execute("VACUUM")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
