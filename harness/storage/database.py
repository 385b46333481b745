"""A run's SQLite file: opened and brought up to date, written in transactions and batches."""

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path

from harness.errors import StoreError, as_utf8
from harness.formats import lies_in_place
from harness.storage.marks import Mark, Watch
from harness.storage.schema import SCHEMA, SCHEMA_VERSION, UPGRADES
from harness.storage.whole import (
    DAMAGED,
    SEAL,
    copy_store,
    hash_rows,
    is_whole,
    row_check,
    salvage,
    sealed,
    totals,
)

_ALONE = "BEGIN IMMEDIATE", "ROLLBACK", "COMMIT"
_BATCHED = "SAVEPOINT part", "ROLLBACK TO part", "RELEASE part"
_UNSEAL = f"DELETE FROM meta WHERE key = '{SEAL}'"

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
"""A page, the head or a table is not as it was written; the rest is the system's to mend."""


class Database:
    """The open file.

    Every row has a checksum, and the tables have a seal from when the file is closed to when it is
    written again. What does not fit is not believed: it is left out, and where the file is written,
    the rest is written into a new one, so that what is lost is made again.

    Args:
        path: The file; made, with its tables, if it is not there.
        writing: Whether rows are going to be written.
        known: The mark that it had when this process closed it: as long as nobody has written to it
            since, its rows need not be checked once more, nor counted.

    Attributes:
        lost: Table -> how many of its rows are left out; at least.
        mark: When it is closed: its mark, if it could be given one.

    Raises:
        StoreError: Nothing in it is whole, it cannot be used, or was written by a newer version.
    """

    def __init__(self, path: Path, *, writing: bool, known: Mark | None = None) -> None:
        self.path, self._writing = path, writing
        self.lost: dict[str, int] = {}
        self.mark: Mark | None = None
        self._watch = Watch(path, known)
        self._connection = self._connect(path)
        try:
            self._check()
        except DAMAGED as error:
            self._connection.close()
            self._get_over(error)
        except BaseException:
            self._connection.close()
            raise

    def _check(self) -> None:
        self._open()
        unchanged = self._watch.begin(self._connection, writing=self._writing)
        with self._snapshot():
            whole = unchanged or is_whole(self._connection)
        if not whole:
            self._salvage(None)

    @property
    def unchanged(self) -> bool:
        """Whether nobody has written to it since it was given the mark that is known."""
        return self._watch.unchanged

    def _get_over(self, error: sqlite3.DatabaseError | UnicodeDecodeError) -> None:
        """Reads what is whole, or a copy where SQLite cannot open the file, as on a read-only disk.

        Raises:
            StoreError: It cannot be.
        """
        if _is_damage(error):
            self._salvage(error)
            return
        if self._writing:
            raise self._error(error) from error
        with tempfile.TemporaryDirectory(prefix="restobench-") as folder:
            copy = Path(folder) / self.path.name
            try:
                copy_store(self.path, copy)
                self._use_copy(self._connect(copy))
                self._check()
            except (OSError, *DAMAGED):
                raise self._error(error) from error

    def _connect(self, path: Path | str) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(path, isolation_level=None)
        except sqlite3.DatabaseError as error:
            raise self._error(error) from error
        connection.create_function("row_check", -1, row_check, deterministic=True)
        return connection

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        """What is read inside is of one moment, whoever writes."""
        self._connection.execute("BEGIN")
        yield
        self._connection.execute("COMMIT")

    def _open(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if foreign := self._foreign():
            raise StoreError(
                f"{self.path} is a database of somebody else, with {foreign}: it is left as it "
                "is; run into another folder (--out)"
            )
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self.path} has schema {version}, this version reads up to {SCHEMA_VERSION}: "
                "upgrade restobench"
            )
        if version < SCHEMA_VERSION and not self._writing:  # who only reads changes nothing
            self._use_copy(self._connection)
        if self._writing:
            # WAL with NORMAL survives a killed process with every committed row
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
        if version < SCHEMA_VERSION:
            upgrades = (UPGRADES[old] for old in range(version, SCHEMA_VERSION))
            script = SCHEMA if version == 0 else "".join(upgrades)
            self._connection.execute("BEGIN IMMEDIATE")
            for statement in filter(None, map(str.strip, script.split(";"))):
                self._connection.execute(statement)
            hash_rows(self._connection)
            self._connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
            self._connection.execute("COMMIT")
        if not self._writing:
            self._connection.execute("PRAGMA query_only=ON")

    def _foreign(self) -> str | None:
        """What a database has that is none of ours, or `None`; others may have a table `scores`."""
        query = "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        found = self._connection.execute(query).fetchall()
        for table in ("cells", "scores"):
            columns = self._connection.execute(f"PRAGMA table_info({table})").fetchall()
            if "restorer" in {column[1] for column in columns}:
                return None
        if found:
            return f"a {found[0][0]} {found[0][1]!r}"
        mark = self._connection.execute("PRAGMA application_id").fetchone()[0]
        return f"the mark {mark} of its program" if mark else None

    def _use_copy(self, connection: sqlite3.Connection) -> None:
        """Goes on with a copy in memory."""
        memory = self._connect(":memory:")
        connection.backup(memory)
        connection.close()
        self._connection = memory

    def _salvage(self, error: Exception | None) -> None:
        """Goes on with the rows that are whole; who writes, writes them into a new file."""
        self._connection.close()
        memory, self.lost = salvage(self.path)
        if not any(rows for rows, _ in totals(memory).values()):
            memory.close()
            if seen := lies_in_place(self.path):
                raise StoreError(f"{self.path} {seen}")
            why = f" ({error})" if error else ""
            raise StoreError(
                f"{self.path} is damaged{why}, and no row of it could be read: put a copy of it "
                "back, or run again into another folder (--out)"
            )
        self._connection = memory
        if not self._writing:
            memory.execute("PRAGMA query_only=ON")
            return
        new = Path(f"{self.path}.new")
        new.unlink(missing_ok=True)
        with closing(self._connect(new)) as target:
            memory.backup(target)
        memory.close()
        kept = self.path.with_suffix(".damaged")
        kept.unlink(missing_ok=True)
        with suppress(OSError):  # not every file system has hard links
            os.link(self.path, kept)
        for suffix in ("-wal", "-shm"):  # they would be taken for those of the new file
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        new.replace(self.path)
        self._connection = self._connect(self.path)
        self._open()

    def _error(self, error: Exception) -> StoreError:
        if _is_damage(error):
            return StoreError(f"{self.path} is damaged: {error}")
        cause: object = error
        try:
            self.path.open("rb").close()
        except OSError as denied:
            cause = denied.strerror
        return StoreError(f"{self.path} cannot be used: {cause}")

    def close(self) -> None:
        """Ends a batch, seals the tables, folds the write-ahead log into the file and closes it."""
        try:
            self.commit()
            # where a reader, a full disk or a damage is in the way, it is as after a kill
            with suppress(sqlite3.DatabaseError):
                if self._writing:
                    self._seal()
                    self.mark = self._watch.fold(self._connection)
        finally:
            self._connection.close()

    def _seal(self) -> None:
        if sealed(self._connection) is None:
            self._connection.execute("BEGIN IMMEDIATE")
            row = SEAL, json.dumps(self._watch.totals(self._connection))
            query = "INSERT OR REPLACE INTO meta VALUES (?, ?, ?)"
            self._connection.execute(query, (*row, row_check(*row)))
            self._connection.execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is written, or nothing is; in a batch, when that is."""
        begin, undo, end = _BATCHED if self._connection.in_transaction else _ALONE
        self.rows(begin)
        try:
            if begin == _ALONE[0]:
                self.rows(_UNSEAL)
            yield
        except BaseException:
            self._connection.execute(undo)
            raise
        self.rows(end)

    def batch(self) -> None:
        """Writes together what follows, until `commit`; a killed process loses that much."""
        if not self._connection.in_transaction:
            self.rows("BEGIN IMMEDIATE")
            self.rows(_UNSEAL)

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
        except DAMAGED as error:
            raise self._error(error) from error

    def insert(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Writes whole rows in the order of their table's columns, over those of the same key."""
        with nullcontext() if self._connection.in_transaction else self.transaction():
            for row in rows:
                query = f"INSERT OR REPLACE INTO {table} VALUES (?{', ?' * len(row)})"
                try:
                    self.rows(query, *row, row_check(*row))
                except UnicodeEncodeError:  # a message or a reason of somebody else's
                    plain = [as_utf8(item) if isinstance(item, str) else item for item in row]
                    self.rows(query, *plain, row_check(*plain))


def _is_damage(error: Exception) -> bool:
    """Whether it is the file, and not what the system refuses or what was to be written."""
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return False
    # what is said of text without UTF-8 has no code
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _DAMAGE
