"""The columns of a run's tables as its rows have them."""

from dataclasses import fields
from operator import attrgetter
from typing import Any

from harness.results import Cell, Failure, Restored, Score, Spent


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
