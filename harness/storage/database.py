"""A run's SQLite file: opened and brought up to date, written in transactions and batches."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.errors import StoreError
from harness.storage.schema import SCHEMA, SCHEMA_VERSION, UPGRADES

_ALONE = "BEGIN IMMEDIATE", "ROLLBACK", "COMMIT"
_BATCHED = "SAVEPOINT part", "ROLLBACK TO part", "RELEASE part"


class Database:
    """The open file.

    Args:
        path: The file; made, with its tables, if it is not there.

    Raises:
        StoreError: It is damaged, cannot be used, or was written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
            self._open()
        except sqlite3.DatabaseError as error:
            raise self._error(error) from error

    def _open(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} has schema {version}, this version reads up to {SCHEMA_VERSION}: "
                "upgrade restobench"
            )
        # WAL with NORMAL survives a killed process with every committed row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        if version < SCHEMA_VERSION:
            upgrades = (UPGRADES[old] for old in range(version, SCHEMA_VERSION))
            script = SCHEMA if version == 0 else "".join(upgrades)
            with self.transaction():
                for statement in filter(None, map(str.strip, script.split(";"))):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def _error(self, error: sqlite3.Error) -> StoreError:
        if isinstance(error, sqlite3.OperationalError):
            return StoreError(f"{self.path} cannot be used: {error}")
        remedy = "use another --out, or --fresh to start again"
        return StoreError(f"{self.path} is damaged ({error}): {remedy}")

    def close(self) -> None:
        """Ends a batch, folds the write-ahead log into the file and closes it."""
        self.commit()
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written, or nothing is; in a batch, when that is."""
        begin, undo, end = _BATCHED if self._connection.in_transaction else _ALONE
        self.rows(begin)
        try:
            yield
        except BaseException:
            self._connection.execute(undo)
            raise
        self.rows(end)

    def batch(self) -> None:
        """Writes together what follows, until `commit`; a killed process loses that much."""
        if not self._connection.in_transaction:
            self.rows("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Ends a batch."""
        if self._connection.in_transaction:
            self.rows("COMMIT")

    def rows(self, query: str, *values: object) -> sqlite3.Cursor:
        """Executes one statement.

        Raises:
            StoreError: The file is damaged, or cannot be used.
        """
        try:
            return self._connection.execute(query, values)
        except sqlite3.DatabaseError as error:
            raise self._error(error) from error

    def insert(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Writes whole rows in the order of their table's columns, over those of the same key."""
        for row in rows:
            marks = ", ".join("?" * len(row))
            self.rows(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", *row)  # noqa: S608
