"""Leaderboards side by side: one table a set, a row a restorer, a column a metric. Markdown and LaTeX share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.protocols import ReportData
from harness.results import Cost, Leaderboard, LeaderboardRow


@dataclass(frozen=True, slots=True)
class Line:
    """One restorer: its row of each of the table's boards (or `None`), and its cost.

    Attributes:
        second: For each board, the rank of the second best: 3 where two share the first.
    """

    restorer: str
    cells: tuple[LeaderboardRow | None, ...]
    cost: Cost | None
    card: Mapping[str, Any]
    second: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class SetTable:
    """One set (`None`: the whole benchmark), restorers in the order of the first metric."""

    set: str | None
    task: str
    boards: tuple[Leaderboard, ...]
    lines: tuple[Line, ...]


def set_tables(report: ReportData) -> list[SetTable]:
    """Lines the leaderboards up, set by set."""
    groups: dict[str | None, list[Leaderboard]] = {}
    for board in report.leaderboards:
        groups.setdefault(board.set, []).append(board)
    tasks = {row["set"]: str(row["task"]) for row in report.rows}
    costs = {(item.set, item.restorer): item for item in report.costs}
    tables = []
    for name, boards in groups.items():
        rows = [{row.restorer: row for row in board.rows} for board in boards]
        second = tuple(
            min((row.rank for row in b.rows if row.rank and row.rank > 1), default=None)
            for b in boards
        )
        lines = tuple(
            Line(
                restorer,
                tuple(found.get(restorer) for found in rows),
                costs.get((name or "", restorer)),
                report.data.run.restorers.get(restorer, {}),
                second,
            )
            for restorer in dict.fromkeys(row.restorer for board in boards for row in board.rows)
        )
        tables.append(SetTable(name, tasks.get(name, ""), tuple(boards), lines))
    return tables
