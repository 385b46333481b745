"""Whether a store is as this process closed it: then its rows need not be checked once more.

A training validates hundreds of times into one run. To check and to count its rows each time would
make every validation dearer than the one before.
"""

import os
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.storage.schema import TABLES
from harness.storage.whole import SEAL, sealed, totals

FileState = tuple[int, int, int, int]
"""What is another number when somebody has written to a file: inode, size, two times."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells whether anybody has written to a store since this process closed it.

    Attributes:
        state: Of the file, which had no write-ahead log.
        totals: Of its tables, as it was sealed.
    """

    state: FileState
    totals: Mapping[str, list[int]]

    def is_of(self, path: Path) -> bool:
        """Whether a file is as it was; whoever opens it looks at its seal as well."""
        log = _state(Path(f"{path}-wal"))
        return _state(path) == self.state and (log is None or log[1] == 0)


class Watch:
    """Looks whether others write to a store, from before it is opened to when it is closed.

    Args:
        path: The file.
        known: Its mark of before.

    Attributes:
        unchanged: Whether nobody has written since it was given that mark.
    """

    def __init__(self, path: Path, known: Mark | None) -> None:
        self._path = path
        self._known = known if known is not None and known.is_of(path) else None
        self._at_first: FileState | None = None
        self._version = -1
        self.unchanged = False

    def begin(self, connection: sqlite3.Connection, *, writing: bool) -> bool:
        """Looks at a store that was opened; says whether it is unchanged.

        From now on the connection counts what it adds to the totals, and what it takes away.
        """
        self.unchanged = self._known is not None and sealed(connection) == self._known.totals
        self._at_first, self._version = _state(self._path), _version(connection)
        if writing and self.unchanged:
            for statement in _counting():
                connection.execute(statement)
        return self.unchanged

    def is_alone(self, connection: sqlite3.Connection) -> bool:
        """Whether nobody else has written since `begin`."""
        return _version(connection) == self._version

    def totals(self, connection: sqlite3.Connection) -> dict[str, list[int]]:
        """The totals now; of what was counted, whatever the file holds, no row is read."""
        if self._known is None or not self.unchanged or not self.is_alone(connection):
            return totals(connection)
        before = self._known.totals
        changed = connection.execute("SELECT name, rows, sum FROM changed")
        return {name: [before[name][0] + n, before[name][1] + more] for name, n, more in changed}

    def fold(self, connection: sqlite3.Connection) -> Mark | None:
        """Folds the write-ahead log into the file, and gives it a mark.

        Returns:
            The mark; `None` where somebody else has written.
        """
        alone = self.is_alone(connection) and _state(self._path) == self._at_first
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self._mark(connection) if alone else None

    def _mark(self, connection: sqlite3.Connection) -> Mark | None:
        """The system's own times are those of its clock's last tick, which two writes may share.

        So the file is given one that no tick has.
        """
        connection.execute("BEGIN IMMEDIATE")
        try:
            found, moment = sealed(connection), time.time_ns()
            os.utime(self._path, ns=(moment, moment))
            state = _state(self._path)
        except OSError:
            return None
        finally:
            connection.execute("ROLLBACK")
        exact = state is not None and state[2] == moment
        return Mark(state, found) if state and exact and found else None


def _version(connection: sqlite3.Connection) -> int:
    """Another number when another connection has written."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _state(path: Path) -> FileState | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _counting() -> list[str]:
    """What makes a connection count its changes."""
    statements = [
        "PRAGMA temp_store=MEMORY",
        "PRAGMA recursive_triggers=ON",  # or a row that is replaced would not count as removed
        "CREATE TEMP TABLE changed (name TEXT PRIMARY KEY, rows INTEGER, sum INTEGER)",
    ]
    for table in TABLES:
        statements.append(f"INSERT INTO changed VALUES ('{table}', 0, 0)")
        for what, row, sign in (("INSERT", "new", "+"), ("DELETE", "old", "-")):
            when = f"WHEN {row}.key <> '{SEAL}'" if table == "meta" else ""
            statements.append(
                f"CREATE TEMP TRIGGER {table}_{row} AFTER {what} ON main.{table} {when} BEGIN "
                f"UPDATE changed SET rows = rows {sign} 1, "
                f"sum = sum {sign} ({row}.row_hash & 4294967295) WHERE name = '{table}'; END"
            )
    return statements
