"""A million rows without a million objects: columns, out of which each row is made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar, overload

import numpy as np
import numpy.typing as npt

from harness.results import Cell, Score

Codes = npt.NDArray[np.int32]

_CHUNK = 50_000

Row = TypeVar("Row")


class Rows(Sequence[Row], Generic[Row]):
    """Rows that are kept as columns of equal length.

    Args:
        make: Makes a row out of one value of each column.
        columns: The columns.
    """

    def __init__(self, make: Callable[..., Row], columns: Sequence[Sequence[Any]]) -> None:
        self._make, self._columns = make, columns

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._columns[0])

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        """One row, or those of a slice."""
        if isinstance(index, slice):
            return tuple(map(self._make, *(column[index] for column in self._columns)))
        return self._make(*(column[index] for column in self._columns))

    def __iter__(self) -> Iterator[Row]:
        """Every row in its turn."""
        return map(self._make, *self._columns)

    def __eq__(self, other: object) -> bool:
        """Whether the rows are the same, in the same order."""
        return _same(self, other)

    __hash__ = None  # type: ignore[assignment]


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
class ScoreColumns(Sequence[Score]):
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
        """Reads rows of restorer, set, image, metric, value and spread (or `None`), a chunk at a time."""
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
        """How many scores there are."""
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> Score: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Score, ...]: ...
    def __getitem__(self, index: int | slice) -> Score | tuple[Score, ...]:
        """One score, or those of a slice."""
        if isinstance(index, slice):
            return tuple(
                self._scores(self.codes[:, index], self.values[index], self.spreads[index])
            )
        return next(
            self._scores(self.codes[:, [index]], self.values[[index]], self.spreads[[index]])
        )

    def __iter__(self) -> Iterator[Score]:
        """Every score in its turn."""
        for start in range(0, len(self), _CHUNK):
            yield from self[start : start + _CHUNK]

    def __eq__(self, other: object) -> bool:
        """Whether the scores are the same, in the same order."""
        return _same(self, other)

    __hash__ = None  # type: ignore[assignment]

    def _scores(
        self,
        codes: npt.NDArray[np.int32],
        values: npt.NDArray[np.float64],
        spreads: npt.NDArray[np.float64],
    ) -> Iterator[Score]:
        restorers, sets, images, metrics = self.names
        for (r, s, i, m), value, spread in zip(
            codes.T.tolist(), values.tolist(), spreads.tolist(), strict=True
        ):
            cell = Cell(restorers[r], sets[s], images[i])
            yield Score(cell, metrics[m], value, None if spread != spread else spread)


def _same(one: Sequence[Any], other: object) -> bool:
    return (
        isinstance(other, Sequence)
        and len(one) == len(other)
        and all(a == b for a, b in zip(one, other, strict=True))
    )


def as_columns(scores: Sequence[Score]) -> ScoreColumns:
    """Scores as columns, whatever they are now."""
    if isinstance(scores, ScoreColumns):
        return scores
    return ScoreColumns.from_rows(
        (
            score.cell.restorer,
            score.cell.set,
            score.cell.image,
            score.metric,
            score.value,
            score.spread,
        )
        for score in scores
    )
