"""A run's SQLite file: opened and brought up to date, written in transactions and batches."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import xxhash

from harness.errors import StoreError
from harness.storage.schema import CHECKED, SCHEMA, SCHEMA_VERSION, UPGRADES

_ALONE = "BEGIN IMMEDIATE", "ROLLBACK", "COMMIT"
_BATCHED = "SAVEPOINT part", "ROLLBACK TO part", "RELEASE part"


class Database:
    """The open file.

    Every row has a checksum. One that does not fit is not believed: it is left out, and removed
    where the file is written, so that what it held is made again.

    Args:
        path: The file; made, with its tables, if it is not there.
        writing: Whether rows are going to be written.

    Attributes:
        damaged: Rows that were left out.

    Raises:
        StoreError: It is damaged, cannot be used, or was written by a newer version.
    """

    def __init__(self, path: Path, *, writing: bool) -> None:
        self.path, self._is_copy = path, False
        try:
            self._connection = sqlite3.connect(path, isolation_level=None)
        except sqlite3.DatabaseError as error:
            raise self._error(error) from error
        try:
            self._open(writing)
            self.damaged = sum(self._leave_out(table, writing) for table in CHECKED)
            if self._is_copy:  # what were written here would be lost
                self._connection.execute("PRAGMA query_only=ON")
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise self._error(error) from error

    def _open(self, writing: bool) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} has schema {version}, this version reads up to {SCHEMA_VERSION}: "
                "upgrade restobench"
            )
        if version < SCHEMA_VERSION and not writing:  # who only reads changes nothing
            copy = sqlite3.connect(":memory:", isolation_level=None)
            self._connection.backup(copy)
            self._connection.close()
            self._connection, self._is_copy = copy, True
        self._connection.create_function("row_check", -1, row_check, deterministic=True)
        # WAL with NORMAL survives a killed process with every committed row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        if version < SCHEMA_VERSION:
            upgrades = (UPGRADES[old] for old in range(version, SCHEMA_VERSION))
            script = SCHEMA if version == 0 else "".join(upgrades)
            with self.transaction():
                for statement in filter(None, map(str.strip, script.split(";"))):
                    self._connection.execute(statement)
                self.seal()
                self._connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def seal(self) -> None:
        """Gives their checksums to rows that have none: an earlier version wrote them."""
        for table in CHECKED:
            values = checked_columns(self._connection, "main", table)
            query = f"UPDATE {table} SET row_hash = row_check({values}) WHERE row_hash IS NULL"
            self._connection.execute(query)

    def _leave_out(self, table: str, writing: bool) -> int:
        """Leaves out the rows of a table that do not fit their checksums; says how many."""
        fits = fitting(self._connection, "main", table)
        query = f"SELECT count(*) FROM main.{table} WHERE NOT ({fits})"
        damaged = int(self._connection.execute(query).fetchone()[0])
        if damaged and writing:
            self._connection.execute(f"DELETE FROM {table} WHERE NOT ({fits})")
        elif damaged:  # a view of this connection stands before the table of its name
            whole = f"SELECT * FROM main.{table} WHERE {fits}"
            self._connection.execute(f"CREATE TEMP VIEW {table} AS {whole}")
        return damaged

    def _error(self, error: sqlite3.Error) -> StoreError:
        if isinstance(error, sqlite3.OperationalError):
            return StoreError(f"{self.path} cannot be used: {error}")
        remedy = "use another --out, or --fresh to start again"
        return StoreError(f"{self.path} is damaged ({error}): {remedy}")

    def close(self) -> None:
        """Ends a batch, folds the write-ahead log into the file and closes it."""
        try:
            self.commit()
            # where a reader or a damage is in the way, the log stays beside the file
            with suppress(sqlite3.DatabaseError):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
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
            checked = (*row, row_check(*row)) if table in CHECKED else row
            marks = ", ".join("?" * len(checked))
            self.rows(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", *checked)


def row_check(*values: object) -> int:
    """A row's checksum, of 64 bits with a sign: XXH3 over its values, numbers as floats."""
    text = "\0".join(map(_as_text, values)).encode("utf-8", "surrogatepass")
    return int(xxhash.xxh3_64_intdigest(text)) - 2**63


def _as_text(value: object) -> str:
    # SQLite gives back a whole number in a column for floats as a float, and a bool as a number
    match value:
        case int():
            return repr(float(value))
        case _:
            return f"'{value}" if isinstance(value, str) else repr(value)


def fitting(connection: sqlite3.Connection, schema: str, table: str) -> str:
    """The SQL condition that a row fits its checksum."""
    return f"row_hash IS row_check({checked_columns(connection, schema, table)})"


def checked_columns(connection: sqlite3.Connection, schema: str, table: str) -> str:
    """The columns that a row's checksum is of."""
    columns = [row[1] for row in connection.execute(f"PRAGMA {schema}.table_info({table})")]
    return ", ".join(name for name in columns if name != "row_hash")
