"""All leaderboards of one task as ballots: on every image, every metric orders its restorers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from harness.ranking.tables import ScoreTable, places_of, set_names, task_of
from harness.results import RunData
from harness.statistics import Floats


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
    tables: tuple[ScoreTable, ...]
    values: tuple[Floats, ...]


def ballots(data: RunData, found: Iterable[ScoreTable]) -> Iterator[Ballots]:
    """The ballots of each task, in the plan's order of sets.

    Tasks on which nobody is ranked are left out.
    """
    ranked = [table for table in found if table.set is not None and table.restorers]
    for task in dict.fromkeys(task_of(data, name) for name in set_names(data)):
        here = tuple(table for table in ranked if task_of(data, table.set) == task)
        if here:
            names = sorted(set.intersection(*(set(table.restorers) for table in here)))
            yield Ballots(
                task,
                restorers=tuple(names),
                entrants=tuple(dict.fromkeys(name for table in here for name in table.entrants)),
                tables=here,
                values=tuple(
                    table.sign * table.values[places_of(names, table.restorers)] for table in here
                ),
            )


def shares_won(values: Floats) -> Floats:
    """For each restorer and image, the share of the others that it beats there, 0 to 1 (Borda).

    A tie is half a win.
    """
    from scipy.stats import rankdata

    return np.asarray((rankdata(values, axis=0) - 1) / (len(values) - 1))
