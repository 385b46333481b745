"""All leaderboards of one task as ballots: on every image, every metric orders the same restorers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from harness.ranking.tables import Table, set_names, task_of
from harness.results import RunData
from harness.statistics.resampling import Floats


@dataclass(frozen=True, slots=True)
class Ballots:
    """The leaderboards of one task, cut to the restorers that are ranked on each of them.

    Attributes:
        restorers: Those that are ranked everywhere, sorted.
        entrants: Everyone on any of the leaderboards.
        tables: The leaderboards' tables, of single sets.
        values: For each table (restorers, images), oriented so that larger is better.
    """

    task: str
    restorers: tuple[str, ...]
    entrants: tuple[str, ...]
    tables: tuple[Table, ...]
    values: tuple[Floats, ...]


def ballots(data: RunData, found: Sequence[Table]) -> Iterator[Ballots]:
    """The ballots of each task, in the plan's order of sets; tasks on which nobody is ranked are left out."""
    for task in dict.fromkeys(task_of(data, name) for name in set_names(data)):
        chosen = [
            table for table in found if table.set is not None and task_of(data, table.set) == task
        ]
        ranked = tuple(table for table in chosen if table.restorers)
        if ranked:
            names = sorted(set.intersection(*(set(table.restorers) for table in ranked)))
            everyone = tuple(dict.fromkeys(name for table in ranked for name in table.entrants))
            rows = [np.searchsorted(np.array(table.restorers), names) for table in ranked]
            values = tuple(
                table.sign * table.values[place] for table, place in zip(ranked, rows, strict=True)
            )
            yield Ballots(task, tuple(names), everyone, ranked, values)


def shares_won(values: Floats) -> Floats:
    """For each restorer and image, the share of the others that it beats there, 0 to 1; a tie is half (Borda)."""
    from scipy.stats import rankdata

    return np.asarray((rankdata(values, axis=0) - 1) / (len(values) - 1))
