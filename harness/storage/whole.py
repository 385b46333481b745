"""What of a store is whole: checksums of its rows, a seal over its tables, what can be salvaged."""

import json
import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import xxhash

from harness.storage.metadata import HEADER
from harness.storage.schema import LATER, SCHEMA, SCHEMA_VERSION, TABLES

SEAL = "seal"
"""The row of `meta` with the totals of all tables, as long as nobody has written since."""

DAMAGED = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged file raises."""

_FIRST_PAGE = 4096


def row_check(*values: object) -> int:
    """A row's checksum, of 64 bits with a sign: XXH3 over its values, numbers as floats."""
    text = "\0".join(map(_as_text, values)).encode("utf-8", "surrogatepass")
    return int(xxhash.xxh3_64_intdigest(text)) - 2**63


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return f"'{value}"
    # SQLite gives back a whole number in a column for floats as a float, and a bool as a number
    return repr(float(value) if isinstance(value, int) else value)


def fitting() -> dict[str, str]:
    """Of each table the SQL condition that a row fits its checksum."""
    return {table: f"row_hash IS row_check({columns})" for table, columns in checked().items()}


@cache
def checked() -> dict[str, str]:
    """Of each table the columns that a row's checksum is of, whatever a damaged file says."""
    with closing(empty_store()) as memory:
        tables = {table: memory.execute(f"PRAGMA table_info({table})") for table in TABLES}
        return {
            table: ", ".join(row[1] for row in list(rows)[:-1]) for table, rows in tables.items()
        }


def hash_rows(connection: sqlite3.Connection) -> None:
    """Gives their checksums to rows that have none: an earlier version wrote them."""
    for table, columns in checked().items():
        query = f"UPDATE {table} SET row_hash = row_check({columns}) WHERE row_hash IS NULL"
        connection.execute(query)


def totals(connection: sqlite3.Connection) -> dict[str, list[int]]:
    """Of each table, how many rows it has and the sum of 32 bits of their checksums."""
    found = {}
    for table in TABLES:
        rows = f"{table} WHERE key <> '{SEAL}'" if table == "meta" else table
        query = f"SELECT count(*), ifnull(sum(row_hash & 4294967295), 0) FROM {rows}"
        found[table] = list(connection.execute(query).fetchone())
    return found


def sealed(connection: sqlite3.Connection) -> dict[str, list[int]] | None:
    """The totals that a store had when it was closed; `None`: it was not, or is written to."""
    query = f"SELECT value FROM meta WHERE key = '{SEAL}' AND {fitting()['meta']}"
    row = connection.execute(query).fetchone()
    totals_then: dict[str, list[int]] | None = json.loads(row[0]) if row else None
    return totals_then


def is_whole(connection: sqlite3.Connection) -> bool:
    """Whether every row fits its checksum, and none is missing or there twice.

    Raises:
        sqlite3.DatabaseError: The file is damaged.
    """
    for table, fits in fitting().items():
        if connection.execute(f"SELECT 1 FROM {table} WHERE NOT ({fits}) LIMIT 1").fetchone():
            return False
    wanted = sealed(connection)
    if wanted is not None:
        return wanted == totals(connection)
    # nobody has closed it: the order of the rows is looked at too, which quick_check does not do
    return connection.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)]


def empty_store() -> sqlite3.Connection:
    """A store in memory without a row."""
    memory = sqlite3.connect(":memory:", isolation_level=None)
    memory.executescript(SCHEMA)
    memory.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    return memory


def salvage(path: Path) -> tuple[sqlite3.Connection, dict[str, int]]:
    """Reads the rows of a damaged store that fit their checksums.

    Args:
        path: The file; it is only read, with its write-ahead log.

    Returns:
        A store in memory that holds them, and of each table how many there were more: at least,
        where the store was not closed, and nobody knows.
    """
    memory, lost = empty_store(), dict[str, int]()
    with tempfile.TemporaryDirectory(prefix="restobench-") as folder:
        copy = Path(folder) / path.name
        for mend in (None, _renew_first_page):
            copy_store(path, copy)
            if mend is not None:
                mend(copy)
            results = [_salvage_table(copy, memory, table) for table in TABLES]
            lost = dict(
                zip(TABLES, (max(unfit, not whole) for whole, unfit in results), strict=True)
            )
            if all(complete for complete, _ in results):
                break
    memory.create_function("row_check", -1, row_check, deterministic=True)
    wanted, found = sealed(memory), totals(memory)
    if wanted is not None:
        memory.execute(f"DELETE FROM meta WHERE key = '{SEAL}'")
        return memory, {table: wanted[table][0] - found[table][0] for table in TABLES}
    keys = {key for (key,) in memory.execute("SELECT key FROM meta")}
    lost["meta"] += len({*HEADER} - keys)
    return memory, lost if any(lost.values()) else {**lost, "scores": 1}


def copy_store(path: Path, copy: Path) -> None:
    """Copies a store's file, with its write-ahead log."""
    shutil.copyfile(path, copy)
    for suffix in ("-wal", "-shm"):
        Path(f"{copy}{suffix}").unlink(missing_ok=True)
    log = Path(f"{path}-wal")
    if log.is_file():
        shutil.copyfile(log, f"{copy}-wal")


def _renew_first_page(copy: Path) -> None:
    """Puts the first page of an empty store in the place of a damaged one.

    It says where the tables begin, and how they are made; that is the same in every store.
    """
    with closing(empty_store()) as memory:
        page = bytearray(memory.serialize()[:_FIRST_PAGE])
    page[18:20] = 2, 2  # there may be a write-ahead log
    page[92:96] = b"old!"  # what it says of the size of the file is then not believed
    with copy.open("r+b") as file:
        file.write(page)


def _salvage_table(copy: Path, memory: sqlite3.Connection, table: str) -> tuple[bool, int]:
    """Copies the rows of a table that fit; says whether all were seen, and how many did not fit.

    From the end as well, where a damage is in the way.
    """
    info = memory.execute(f"PRAGMA table_info({table})").fetchall()
    keys, unfit = [row[1] for row in info if row[5]], 0
    marks = ", ".join("?" * len(info))
    complete = False
    for direction in ("ASC", "DESC"):
        order = ", ".join(f"{key} {direction}" for key in keys)
        try:
            with closing(sqlite3.connect(copy)) as source:
                source.text_factory = _text
                for row in source.execute(f"SELECT * FROM {table} ORDER BY {order}"):
                    row = _with_later(table, row)
                    if len(row) == len(info) and row[-1] == row_check(*row[:-1]):
                        memory.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)
                    else:
                        unfit += 1
            complete = True
        except DAMAGED:
            continue
        break
    return complete, unfit


def _with_later(table: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row of `cells` with the columns that it had not in its schema, if it fits."""
    lacks = len(checked()["cells"].split(", ")) + 1 - len(row)
    if table != "cells" or not 0 < lacks <= len(LATER) or row[-1] != row_check(*row[:-1]):
        return row
    whole = (*row[:-1], *list(LATER.values())[-lacks:])
    return (*whole, row_check(*whole))


def _text(content: bytes) -> str:
    return content.decode(errors="surrogateescape")
