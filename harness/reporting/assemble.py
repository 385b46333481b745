"""What reports and `rank --json` show, computed once: flat rows, costs, headlines, gaps to the leader, trade-offs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from harness.protocols import ReportData
from harness.ranking.ballots import ballots
from harness.ranking.leaderboards import differences, rank_tables
from harness.ranking.metric_agreement import agreements, disagreements
from harness.ranking.pairs import critical_difference, pair_tests
from harness.ranking.stability import stability
from harness.ranking.tables import (
    Table,
    count_failures,
    make_blocks,
    metric_names,
    scopes,
    tables,
    task_of,
)
from harness.results import (
    FEW_IMAGES,
    Cost,
    Difference,
    Headline,
    Leaderboard,
    RunData,
    Timing,
    TradeOff,
    TradeOffPoint,
)
from harness.results.columns import as_columns
from harness.results.pairs import CriticalDifference, PairTest


def assemble(
    data: RunData,
    run_folder: Path,
    *,
    title: str = "",
    notes: str = "",
    policy: str = "common",
    intervals: bool = True,
) -> ReportData:
    """Computes everything that reports show.

    Args:
        data: The run.
        run_folder: Where its images lie.
        title: Heading of the report; empty: the benchmark's name.
        notes: Free text for the report.
        policy: As for `harness.ranking.leaderboards.leaderboards`.
        intervals: Whether tables show intervals.
    """
    data = replace(data, scores=as_columns(data.scores))
    blocks, failures = make_blocks(data), count_failures(data)
    found = tuple(tables(data, blocks, failures, policy=policy))
    boards = rank_tables(data, found, failures)
    spent = costs(data)
    tests, diagrams = _compare_pairs(found, boards)
    return ReportData(
        data=data,
        leaderboards=boards,
        run_folder=run_folder,
        title=title,
        notes=notes,
        intervals=intervals,
        rows=tuple(rank_rows(data, boards, spent)),
        costs=spent,
        headlines=headlines(data, boards),
        behind=behind_leaders(found, boards),
        trade_offs=trade_offs(data, boards, spent),
        pair_tests=tests,
        critical_differences=diagrams,
        agreements=agreements(found),
        disagreements=disagreements(data, blocks, found),
        stability=stability(data, found, tuple(ballots(data, found))),
    )


def _compare_pairs(
    found: Sequence[Table], boards: Sequence[Leaderboard]
) -> tuple[tuple[PairTest, ...], tuple[CriticalDifference, ...]]:
    tests: list[PairTest] = []
    diagrams = []
    for table, board in zip(found, boards, strict=True):
        order = [row.restorer for row in board.rows if row.rank is not None]
        here = pair_tests(table, order)
        tests += here
        diagram = critical_difference(table, order, here)
        if diagram is not None:
            diagrams.append(diagram)
    return tuple(tests), tuple(diagrams)


def costs(data: RunData) -> tuple[Cost, ...]:
    """What every restorer costs on every set: medians of time and operations, largest memory, smallest tile."""
    groups: dict[tuple[str, str], list[Timing]] = {}
    for timing in data.timings:
        groups.setdefault((timing.cell.restorer, timing.cell.set), []).append(timing)
    return tuple(_cost(restorer, name, found) for (restorer, name), found in groups.items())


def _cost(restorer: str, set_name: str, timings: Sequence[Timing]) -> Cost:
    flops = [item.flops for item in timings if item.flops is not None]
    return Cost(
        restorer,
        set_name,
        seconds=median(item.seconds for item in timings),
        peak_mib=max(item.peak_mib for item in timings),
        n=len(timings),
        cuda_mib=max(
            (item.cuda_mib for item in timings if item.cuda_mib is not None), default=None
        ),
        flops=median(flops) if flops else None,
        tile=min((item.tile for item in timings if item.tile is not None), default=None),
        precision=", ".join(
            sorted({item.precision for item in timings if item.precision is not None})
        )
        or None,
        fell_back=sum(item.fell_back for item in timings),
    )


def rank_rows(
    data: RunData, boards: Iterable[Leaderboard], spent: Iterable[Cost]
) -> list[dict[str, Any]]:
    """The leaderboards as flat rows, `restobench/rank/1` in docs/results-format.md; infinities stay floats."""
    cost = {(item.restorer, item.set): item for item in spent}
    rows = []
    for board in boards:
        card = data.run.metrics.get(board.metric, {})
        for row in board.rows:
            restorer = data.run.restorers.get(row.restorer, {})
            found = cost.get((row.restorer, board.set or ""))
            rows.append(
                {
                    "benchmark": board.benchmark,
                    "set": board.set,
                    "task": task_of(data, board.set),
                    "metric": board.metric,
                    "restorer": row.restorer,
                    "rank": row.rank,
                    "rank_low": row.rank_low,
                    "rank_high": row.rank_high,
                    "group": row.group,
                    "mean": row.mean,
                    "median": row.median,
                    "ci_low": row.ci_low,
                    "ci_high": row.ci_high,
                    "n": row.n,
                    "failures": row.failures,
                    "few_images": row.n < FEW_IMAGES,
                    "unit": card.get("unit", ""),
                    "higher_is_better": board.higher_is_better,
                    "seconds": found.seconds if found else None,
                    "peak_mib": found.peak_mib if found else None,
                    "parameters": restorer.get("parameters"),
                    "licence": restorer.get("licence", ""),
                }
            )
    return rows


def headlines(data: RunData, boards: Sequence[Leaderboard]) -> tuple[Headline, ...]:
    """Who leads on each set, by the benchmark's first metric that ranks there."""
    found = []
    for scope, _ in scopes(data):
        board = _main_board(data, boards, scope)
        if board is None:
            continue
        ranked = [row for row in board.rows if row.rank is not None]
        best = ranked[0]
        leaders = (best.restorer, *(row.restorer for row in ranked[1:] if row.rank_low == 1))
        found.append(
            Headline(
                task_of(data, scope),
                scope,
                board.metric,
                leaders,
                best.mean if best.mean is not None else 0.0,
                best.n,
                len(ranked),
            )
        )
    return tuple(found)


def behind_leaders(found: Iterable[Table], boards: Iterable[Leaderboard]) -> tuple[Difference, ...]:
    """Every ranked restorer of every leaderboard against the one with the best mean."""
    rows: list[Difference] = []
    for table, board in zip(found, boards, strict=True):
        ranked = [row.restorer for row in board.rows if row.rank is not None]
        if len(ranked) > 1:
            gaps = {row.restorer: row for row in differences(table, ranked[0])}
            rows += [gaps[name] for name in ranked[1:]]
    return tuple(rows)


def trade_offs(
    data: RunData, boards: Sequence[Leaderboard], spent: Sequence[Cost]
) -> tuple[TradeOff, ...]:
    """For each set: quality against each cost, and its first no-reference metric against its first full-reference one.

    Perception and distortion are at odds (Blau and Michaeli 2018): no restorer can be best in both.
    """
    found = []
    for scope, _ in scopes(data):
        main = _main_board(data, boards, scope)
        if scope is None or main is None:
            continue
        for name, values in _costs_on(data, spent, scope).items():
            found.append(_trade_off(f"quality-{name}", scope, (name, values, False), _axis(main)))
        sides: dict[bool, Leaderboard] = {}
        for board in boards:
            if board.set == scope:
                sides.setdefault(bool(data.run.metrics[board.metric].get("needs_reference")), board)
        if len(sides) == 2:
            found.append(
                _trade_off("perception-distortion", scope, _axis(sides[True]), _axis(sides[False]))
            )
    return tuple(item for item in found if len(item.points) > 1)


def _costs_on(data: RunData, spent: Sequence[Cost], scope: str) -> dict[str, dict[str, float]]:
    """What each restorer costs on a set: median seconds, learned weights, peak memory."""
    here = [item for item in spent if item.set == scope]
    weights = {
        item.restorer: data.run.restorers.get(item.restorer, {}).get("parameters") for item in here
    }
    return {
        "seconds": {item.restorer: item.seconds for item in here},
        "parameters": {
            name: float(value) for name, value in weights.items() if isinstance(value, int | float)
        },
        "peak_mib": {item.restorer: item.peak_mib for item in here},
    }


_Axis = tuple[str, dict[str, float], bool]


def _axis(board: Leaderboard) -> _Axis:
    return (
        board.metric,
        {r.restorer: r.mean for r in board.rows if r.mean is not None},
        board.higher_is_better,
    )


def _trade_off(kind: str, scope: str, x: _Axis, y: _Axis) -> TradeOff:
    signs = 1 if x[2] else -1, 1 if y[2] else -1
    places = {name: (x[1][name], y[1][name]) for name in y[1] if name in x[1]}
    oriented = {name: (signs[0] * a, signs[1] * b) for name, (a, b) in places.items()}
    points = tuple(
        TradeOffPoint(
            name, a, b, not any(_dominates(other, oriented[name]) for other in oriented.values())
        )
        for name, (a, b) in places.items()
    )
    return TradeOff(kind, scope, x[0], y[0], x[2], y[2], points)


def _dominates(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] >= other[0] and one[1] >= other[1]


def _main_board(
    data: RunData, boards: Iterable[Leaderboard], scope: str | None
) -> Leaderboard | None:
    by_metric = {board.metric: board for board in boards if board.set == scope and board.rows}
    ranking = [
        name
        for name in metric_names(data)
        if name in by_metric and by_metric[name].rows[0].rank is not None
    ]
    return by_metric[ranking[0]] if ranking else None
