"""Where a restorer fails: a row for every image of a set, the worst first."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from typing import NamedTuple
from urllib.parse import urlencode

import numpy as np
import numpy.typing as npt

from harness.protocols.report import ReportData
from harness.results.columns import ScoreColumns, as_columns
from reports.html.cells import metric_head, places_of, sortable
from reports.html.choice import MOST_RESTORERS, Key
from reports.html.image_pages import label_of
from reports.html.places import Places
from reports.pivot import SetTable
from reports.wording import number, signed

MOST_ROWS = 100
"""Images on the page of a set; where it has more, pages of their own show all."""

PAGE_ROWS = 500
"""Images on one such page: with `MOST_COLUMNS` restorers it stays far below 2 MB."""

MOST_COLUMNS = 10
"""Restorers side by side."""

MOST_OF_RESTORER = 1_000
"""Images on the page of a restorer, over all its sets."""

MOST_ENDS = 20
"""The worst and best so many of each restorer are preferred for pictures."""

VERSUS = 3
"""Restorers that one is compared with on its page: the best others."""


class Matrix(NamedTuple):
    """Every score of a set by its first metric.

    Attributes:
        restorers: In the order of the leaderboard.
        images: Sorted.
        values: (restorers, images); NaN where there is none.
        sign: 1 where higher is better, else -1.
    """

    restorers: tuple[str, ...]
    images: tuple[str, ...]
    values: npt.NDArray[np.float64]
    sign: float

    @property
    def worst_first(self) -> npt.NDArray[np.int64]:
        """For each restorer its images, the worst first and those without a score before them."""
        oriented = self.sign * self.values
        return np.argsort(np.where(np.isnan(oriented), -np.inf, oriented), axis=1, kind="stable")

    def order_of(self, restorer: str) -> dict[str, int]:
        """The place of each image in that order; empty for a restorer that is not here."""
        if restorer not in self.restorers:
            return {}
        order = self.worst_first[self.restorers.index(restorer)].tolist()
        return {self.images[at]: place for place, at in enumerate(order)}


def matrices(report: ReportData, tables: Sequence[SetTable]) -> dict[str, Matrix]:
    """The scores of each set, by its name."""
    scores = as_columns(report.data.scores)
    return {table.set: _matrix(scores, table) for table in tables if table.set is not None}


def _matrix(scores: ScoreColumns, table: SetTable) -> Matrix:
    restorers, sets, images, metrics = scores.names
    board, names = table.boards[0], tuple(line.restorer for line in table.lines)
    sign = 1.0 if board.higher_is_better else -1.0
    if table.set not in sets or board.metric not in metrics:
        return Matrix(names, (), np.full((len(names), 0), np.nan), sign)
    here = scores.codes[1] == sets.index(table.set)
    here &= scores.codes[3] == metrics.index(board.metric)
    found = scores.codes[:, here]
    shown = sorted({images[code] for code in np.unique(found[2]).tolist()})
    place = {name: row for row, name in enumerate(names)}
    rows = np.array([place.get(name, -1) for name in restorers], dtype=np.int64)
    column = {name: at for at, name in enumerate(shown)}
    columns = np.array([column.get(name, -1) for name in images], dtype=np.int64)
    values = np.full((len(names), len(shown)), np.nan)
    known = rows[found[0]] >= 0
    values[rows[found[0][known]], columns[found[2][known]]] = scores.values[here][known]
    return Matrix(names, tuple(shown), values, sign)


def extremes(found: Mapping[str, Matrix]) -> Iterator[Key]:
    """Each restorer's worst image of each set, then each one's best, then the second worst, ..."""
    for name, item in found.items():
        if not item.images:
            continue
        order = item.worst_first[:MOST_RESTORERS]
        for worst, best in islice(zip_longest(order.T, order.T[::-1]), MOST_ENDS):
            yield from ((name, item.images[at]) for at in (*worst.tolist(), *best.tolist()))


def of_set(
    report: ReportData, table: SetTable, item: Matrix, places: Places
) -> dict[str, object] | None:
    """The table of all images of a set, with a column for each of its first restorers.

    The worst images of the best restorer come first. `None` without images.
    """
    if not item.images or not item.restorers:
        return None
    decimals = places_of(table.boards[0].metric, report)
    names = item.restorers[:MOST_COLUMNS]
    order = item.worst_first[0].tolist()
    return {
        **metric_head(table.boards[0].metric, report),
        "digits": decimals,
        "names": [(name, places.restorer(name)) for name in names],
        "more": len(item.restorers) - len(names),
        "rows": [_row(item, table, at, names, places, decimals) for at in order],
    }


def all_images(failing: Mapping[str, object] | None, places: Places, name: str | None) -> list[str]:
    """The pages of all images of a set, where its own page has no room for them."""
    rows = failing["rows"] if failing else ()
    count = len(rows) if isinstance(rows, list) else 0
    pages = -(-count // PAGE_ROWS) if count > MOST_ROWS else 0
    return [places.images_of(name, page + 1) for page in range(pages)]


def _row(
    item: Matrix, table: SetTable, at: int, names: Sequence[str], places: Places, decimals: int
) -> dict[str, object]:
    image = item.images[at]
    values = item.values[: len(names), at].tolist()
    return {
        "image": image,
        "link": image_link(places, str(table.set), image, names[0]),
        "cells": [_cell(value, values[0], decimals) for value in values],
    }


def _cell(value: float, base: float, decimals: int) -> dict[str, str]:
    """A score, what to sort by, and how far it is from the best restorer's."""
    if value != value:
        return dict.fromkeys(("text", "sort", "gap", "gap_sort"), "")
    gap = 0.0 if value == base else value - base
    known = gap == gap
    return {
        "text": number(value, decimals),
        "sort": sortable(value),
        "gap": signed(gap, decimals) if known else "",
        "gap_sort": sortable(gap) if known else "",
    }


def of_restorer(
    report: ReportData, name: str, table: SetTable, item: Matrix, places: Places, sets: int
) -> dict[str, object] | None:
    """Every image of a set as one restorer has it, with the best others beside, worst first.

    Args:
        report: The run.
        name: The restorer.
        table: The set.
        item: Its scores.
        places: Where pages lie.
        sets: How many sets the page has: they share its room.

    Returns:
        `None` where it has no score.
    """
    if name not in item.restorers or not item.images:
        return None
    own = item.restorers.index(name)
    if np.isnan(item.values[own]).all():
        return None
    decimals = places_of(table.boards[0].metric, report)
    others = [other for other in item.restorers if other != name][:VERSUS]
    rows = [item.restorers.index(other) for other in others]
    order = item.worst_first[own].tolist()
    each = max(20, MOST_OF_RESTORER // max(1, sets))
    there = [at for at in order if item.values[own, at] == item.values[own, at]]
    ends = {"worst": there[0], "best": there[-1]}
    return {
        **metric_head(table.boards[0].metric, report),
        "versus": others,
        "ends": {
            end: (item.images[at], image_link(places, str(table.set), item.images[at], name),
                  number(float(item.values[own, at]), decimals))
            for end, at in ends.items()
        },
        "rows": [_own_row(item, table, at, own, rows, places, decimals) for at in order[:each]],
        "all": len(order),
    }  # fmt: skip


def _own_row(
    item: Matrix,
    table: SetTable,
    at: int,
    own: int,
    others: Sequence[int],
    places: Places,
    decimals: int,
) -> dict[str, object]:
    image, value = item.images[at], float(item.values[own, at])
    better = item.sign * item.values[:, at] > item.sign * value
    there = value == value
    return {
        "image": image,
        "link": image_link(places, str(table.set), image, item.restorers[own]),
        "text": number(value, decimals) if there else "",
        "sort": sortable(value) if there else "",
        "rank": 1 + int(better.sum()) if there else "",
        "gaps": [_cell(value, float(item.values[row, at]), decimals) for row in others],
    }


def image_link(places: Places, set_name: str, image: str, restorer: str) -> str:
    """The page of an image, opened at a restorer; empty where it has none."""
    link = places.image(set_name, image)
    return link and f"{link}#{urlencode({'right': label_of(restorer)})}"
