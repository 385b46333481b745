"""The columns of a run's tables as its rows have them."""

import sqlite3
from collections.abc import Callable, Collection
from dataclasses import fields
from operator import attrgetter
from typing import Any

from harness.results import (
    Cell,
    Failure,
    FailureKind,
    Restored,
    Run,
    RunData,
    SampleRecord,
    Score,
    Skipped,
    Spent,
)
from harness.results.columns import Rows, ScoreColumns, read_columns


def flat(record: Cell | Spent) -> tuple[Any, ...]:
    """The fields of a record in their order; `dataclasses.astuple` would copy each."""
    return tuple([getattr(record, name) for name in record.__slots__])


CELL = "restorer = ? AND set_name = ? AND image = ?"
CELL_COLUMNS = (
    *("restorer", "set_name", "image", "restored", "sha256", "fingerprint", "degraded_sha256"),
    *("checksum", *(field.name for field in fields(Spent))),
)
TRUTHS = 2
"""How many columns at the end are truth values, which SQLite has as numbers."""


def failure_row(failure: Failure) -> tuple[object, ...]:
    """A row of `failures`."""
    key = (*flat(failure.cell), failure.metric or "")
    return (*key, failure.kind.value, failure.message)


def score_row(score: Score, fingerprint: str, image: Restored) -> tuple[object, ...]:
    """A row of `scores`: what a metric of a fingerprint said of a restored image."""
    key = (*flat(score.cell), score.metric)
    return (*key, fingerprint, image.sha256, score.value, score.spread)


_BEFORE_CHECKSUM = attrgetter(
    *("seconds", "growth_mib", "cuda_mib", "flops", "tile", "precision", "fell_back")
)
_AFTER_CHECKSUM = attrgetter(
    *("peak_mib", "beside", "threads", "height", "width", "cold", "host", "batch")
)


def restored_row(image: Restored) -> tuple[object, ...]:
    """A row of `cells`, in the order of the table."""
    hashes, spent = (image.fingerprint, image.degraded_sha256), image.spent
    cost = (*_BEFORE_CHECKSUM(spent), image.checksum, *_AFTER_CHECKSUM(spent))
    return (*flat(image.cell), *hashes, image.path, image.sha256, *cost)


def restored_of(
    restorer: str,
    set_name: str,
    image: str,
    path: str,
    sha256: str,
    fingerprint: str,
    degraded_sha256: str,
    checksum: str,
    *spent: Any,
) -> Restored:
    """A restored image out of the columns `CELL_COLUMNS`."""
    cell, cost = Cell(restorer, set_name, image), Spent(*spent)
    return Restored(cell, path, sha256, cost, fingerprint, degraded_sha256, checksum)


def read_rows(
    select: Callable[..., sqlite3.Cursor], run: Run, names: Collection[str] | None = None
) -> RunData:
    """Reads the rows of a run, of all restorers or of some.

    Args:
        select: Executes a query with values.
        run: What the run says of itself.
        names: Of restorers; `None`: all.
    """
    some = () if names is None else tuple(names)
    where = "" if names is None else f"WHERE restorer IN ({', '.join('?' * len(some))})"
    scores = "restorer, set_name, image, metric, value, spread"
    failures = "restorer, set_name, image, kind, message, nullif(metric, '')"
    cells = read_columns(
        select(f"SELECT {', '.join(CELL_COLUMNS)} FROM cells {where}", *some), len(CELL_COLUMNS)
    )
    truths = (list(map(bool, column)) for column in cells[-TRUTHS:])
    samples = select("SELECT set_name, image, degraded_sha256, reference_sha256 FROM samples")
    return RunData(
        run=run,
        scores=ScoreColumns.from_rows(select(f"SELECT {scores} FROM scores {where}", *some)),
        failures=tuple(
            Failure(Cell(*row[:3]), FailureKind(row[3]), *row[4:])
            for row in select(f"SELECT {failures} FROM failures {where}", *some)
        ),
        restored=Rows(restored_of, [*cells[:-TRUTHS], *truths]),
        skipped=tuple(
            Skipped(*row)
            for row in select("SELECT nullif(restorer, ''), set_name, reason FROM skipped")
        ),
        samples={row[:2]: SampleRecord(*row[2:]) for row in samples},
    )
