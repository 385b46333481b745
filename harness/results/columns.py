"""A million rows without a million objects.

They are kept as columns, out of which each row is made when it is asked for.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from itertools import islice
from typing import Any, TypeVar, overload

import numpy as np
import numpy.typing as npt

from harness.results import Cell, Score

Codes = npt.NDArray[np.int32]

_CHUNK = 50_000

Row = TypeVar("Row")


class Columns(Sequence[Row]):
    """Rows that are kept as columns of equal length."""

    @abstractmethod
    def rows(self, part: slice) -> Iterable[Row]:
        """The rows of a slice."""

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        """One row, or those of a slice."""
        if isinstance(index, slice):
            return tuple(self.rows(index))
        place = range(len(self))[index]  # IndexError, as a sequence has it
        return next(iter(self.rows(slice(place, place + 1))))

    def __iter__(self) -> Iterator[Row]:
        """Every row in its turn; not all at once, for a million are half a gigabyte."""
        for start in range(0, len(self), _CHUNK):
            yield from self.rows(slice(start, start + _CHUNK))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(a == b for a, b in zip(self, other, strict=True))


class Rows(Columns[Row]):
    """Rows of any kind.

    Args:
        make: Makes a row out of one value of each column.
        columns: The columns.
    """

    def __init__(self, make: Callable[..., Row], columns: Sequence[Sequence[object]]) -> None:
        self._make, self.columns = make, columns

    def __len__(self) -> int:
        return len(self.columns[0])

    def rows(self, part: slice) -> Iterable[Row]:
        """The rows of a slice."""
        return map(self._make, *(column[part] for column in self.columns))


def read_columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Turns rows into columns; equal values of a chunk's column, such as names, are one object."""
    columns: list[list[Any]] = [[] for _ in range(width)]
    shared: dict[str, str] = {}
    source = iter(rows)
    while chunk := list(islice(source, _CHUNK)):
        for place, column in enumerate(zip(*chunk, strict=True)):
            text = isinstance(column[0], str)
            columns[place] += (
                [shared.setdefault(value, value) for value in column] if text else column
            )
        if len(shared) > 4 * _CHUNK:  # hashes and paths, which are not shared
            shared = {}
    return columns


class Names:
    """Strings as codes, in order of appearance."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}

    def encode(self, names: Sequence[str]) -> Codes:
        """Codes of names; new names get the next ones."""
        codes = self.codes
        for name in dict.fromkeys(names):
            codes.setdefault(name, len(codes))
        return np.fromiter(map(codes.__getitem__, names), np.int32, len(names))


@dataclass(frozen=True, eq=False)
class ScoreColumns(Columns[Score]):
    """Scores as columns; a sequence of `Score` to everyone who does not look closer.

    Attributes:
        names: The names that each of `codes` counts in: restorers, sets, images, metrics.
        codes: (4, n): restorer, set, image and metric of each score, as places in `names`.
        values: (n,).
        spreads: (n,), NaN where a metric knows no spread.
    """

    names: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    codes: npt.NDArray[np.int32]
    values: npt.NDArray[np.float64]
    spreads: npt.NDArray[np.float64]

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[Any]]) -> ScoreColumns:
        """Reads rows of restorer, set, image, metric, value and spread (or `None`)."""
        names, source = (Names(), Names(), Names(), Names()), iter(rows)
        codes: list[Codes] = []
        numbers: list[npt.NDArray[np.float64]] = []
        while chunk := list(islice(source, _CHUNK)):
            *texts, values, spreads = zip(*chunk, strict=True)
            codes.append(
                np.stack([table.encode(column) for table, column in zip(names, texts, strict=True)])
            )
            numbers.append(np.array([values, spreads], dtype=np.float64))  # None becomes NaN
        code = np.concatenate(codes, axis=1) if codes else np.zeros((4, 0), np.int32)
        number = np.concatenate(numbers, axis=1) if numbers else np.zeros((2, 0))
        restorers, sets, images, metrics = (tuple(table.codes) for table in names)
        return cls((restorers, sets, images, metrics), code, number[0], number[1])

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, part: slice) -> Iterator[Score]:
        """The scores of a slice."""
        restorers, sets, images, metrics = self.names
        columns = self.codes[:, part].T, self.values[part], self.spreads[part]
        for (r, s, i, m), value, spread in zip(*(c.tolist() for c in columns), strict=True):
            cell = Cell(restorers[r], sets[s], images[i])
            yield Score(cell, metrics[m], value, None if spread != spread else spread)


def as_columns(scores: Sequence[Score]) -> ScoreColumns:
    """Scores as columns, whatever they are now."""
    if isinstance(scores, ScoreColumns):
        return scores
    return ScoreColumns.from_rows(
        (*astuple(score.cell), score.metric, score.value, score.spread) for score in scores
    )
