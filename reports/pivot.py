"""Leaderboards side by side: one table a set, a row a restorer, a column a metric.

Every report of leaderboards shares it.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from harness.protocols.report import ReportData
from harness.results import Cost, Leaderboard, LeaderboardRow, RunRestorer

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


def grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Items by a key of theirs; keys and items in the order of appearance."""
    found: dict[Key, list[Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """One restorer: its row of each of the table's boards (or `None`), and its cost."""

    restorer: str
    cells: tuple[LeaderboardRow | None, ...]
    cost: Cost | None
    card: RunRestorer

    @property
    def failures(self) -> int:
        """Failed cells, by the metric that has most."""
        return max((row.failures for row in self.cells if row), default=0)


@dataclass(frozen=True, slots=True)
class SetTable:
    """One set (`None`: the whole benchmark), restorers in the order of the first metric."""

    set: str | None
    task: str
    boards: tuple[Leaderboard, ...]
    lines: tuple[Line, ...]

    @property
    def images(self) -> int:
        """How many images the means are over, by the metric that has most."""
        return max((row.n for board in self.boards for row in board.rows), default=0)


def set_tables(report: ReportData) -> list[SetTable]:
    """Lines the leaderboards up, set by set."""
    tasks = {row["set"]: str(row["task"]) for row in report.rows}
    return [
        SetTable(name, tasks.get(name, ""), tuple(boards), _lines(report, name, boards))
        for name, boards in grouped(report.leaderboards, lambda board: board.set).items()
    ]


def _lines(
    report: ReportData, set_name: str | None, boards: Sequence[Leaderboard]
) -> tuple[Line, ...]:
    costs = {item.restorer: item for item in report.costs if item.set == set_name}
    rows = [{row.restorer: row for row in board.rows} for board in boards]
    return tuple(
        Line(
            name,
            tuple(found.get(name) for found in rows),
            costs.get(name),
            report.data.run.restorer(name),
        )
        for name in dict.fromkeys(row.restorer for board in boards for row in board.rows)
    )
