"""What happens inside one restoration and belongs beside its score.

That is the tile, the precision, a fallback.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Recorded:
    """How one restoration was computed; `harness.results.Timing` says what the fields mean."""

    tile: int | None = None
    precision: str = "fp32"
    fell_back: bool = False


_current: ContextVar[Recorded | None] = ContextVar("recorded", default=None)


@contextmanager
def recording() -> Iterator[Recorded]:
    """Collects what the calls inside record."""
    recorded = Recorded()
    token = _current.set(recorded)
    try:
        yield recorded
    finally:
        _current.reset(token)


def record_tile(size: int) -> None:
    """Says that tiles of at most `size` x `size` pixels were used; the smallest is kept."""
    if recorded := _current.get():
        recorded.tile = int(min(size, recorded.tile or size))  # of whatever type a plugin counts in


def record_precision(precision: str, *, fell_back: bool) -> None:
    """Says in which precision was computed; what fell back once stays so."""
    if (recorded := _current.get()) and not recorded.fell_back:
        recorded.precision, recorded.fell_back = str(precision), bool(fell_back)
