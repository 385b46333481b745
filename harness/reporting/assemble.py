"""What reports show, computed once: rows, costs, headlines, gaps to the leader, trade-offs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness.people.judging import peoples_votes
from harness.protocols.report import ReportData
from harness.ranking.aggregation import orders
from harness.ranking.ballots import ballots
from harness.ranking.leaderboards import Ranking, differences, rank_run
from harness.ranking.metric_agreement import agreements, disagreements
from harness.ranking.pairs import critical_difference, pair_tests
from harness.ranking.set_standings import set_standings
from harness.ranking.stability import stability
from harness.ranking.tables import scopes, task_of
from harness.reporting.costs import cost_notes, costs, main_board, trade_offs
from harness.reporting.images import SampleImages
from harness.reporting.notes import set_notes
from harness.reporting.rows import flat_rows
from harness.results import (
    Comparison,
    CriticalDifference,
    Difference,
    Headline,
    PairTest,
    RunData,
)
from harness.results.columns import as_columns


def assemble(
    data: RunData,
    run_folder: Path,
    *,
    title: str = "",
    notes: str = "",
    policy: str = "common",
    intervals: bool | None = None,
    columns: tuple[str, ...] = (),
    digits: int | None = None,
    overall: bool = False,
    comparison: Comparison | None = None,
    progress: Callable[[int, int], None] | None = None,
    tables_only: bool = False,
) -> ReportData:
    """Computes everything that reports show; every table is made of columns, which are made once.

    Args:
        data: The run.
        run_folder: Where its images lie.
        title: Heading of the report; empty: the benchmark's name.
        notes: Free text for the report.
        policy: As for `harness.ranking.leaderboards.rank_run`.
        intervals: Whether tables that can do without show intervals; `None`: each as is its custom.
        columns: Of tables in the layout of papers; none: the usual ones.
        digits: Decimal places of their means; `None`: what each metric deserves.
        overall: Whether tables show the mean over all sets of a task as well.
        comparison: The run judged against a baseline.
        progress: As of `ReportData`.
        tables_only: Leaderboards, rows and costs, and nothing of what takes longer.
    """
    ranking = rank_run(replace(data, scores=as_columns(data.scores)), policy=policy)
    # a page that is sent to somebody has to say so itself
    incomplete = (f"{why[0].upper()}{why[1:]}." for why in data.incomplete())
    bare = replace(
        _bare(ranking, run_folder, title, "\n".join(filter(None, (*incomplete, notes)))),
        comparison=comparison, policy=policy, intervals=intervals, columns=columns,
        digits=digits, overall=overall, progress=progress,
    )  # fmt: skip
    return bare if tables_only else _filled(bare, ranking)


def _bare(ranking: Ranking, run_folder: Path, title: str, notes: str) -> ReportData:
    data, spent = ranking.data, costs(ranking.data)
    return ReportData(
        data,
        ranking.boards,
        run_folder,
        title,
        notes,
        rows=tuple(flat_rows(data, ranking.boards, spent)),
        costs=spent,
        set_notes=set_notes(ranking),
        set_standings=set_standings(data),
        find_image=SampleImages(data, run_folder),
    )


def _filled(report: ReportData, ranking: Ranking) -> ReportData:
    data, tables = ranking.data, ranking.tables
    tests, diagrams = _compare_pairs(ranking)
    tasks = tuple(ballots(data, tables))
    return replace(
        report,
        cost_notes=cost_notes(report.costs),
        headlines=headlines(ranking),
        behind=behind_leaders(ranking),
        trade_offs=trade_offs(ranking, report.costs),
        pair_tests=tests,
        critical_differences=diagrams,
        agreements=agreements(tables),
        disagreements=disagreements(data, ranking.blocks, tables),
        people=peoples_votes(report.run_folder, data),
        stability=stability(data, tables, tasks),
        orders=tuple(orders(data, tasks, "borda")),
    )


def _compare_pairs(
    ranking: Ranking,
) -> tuple[tuple[PairTest, ...], tuple[CriticalDifference, ...]]:
    tests: list[PairTest] = []
    diagrams = []
    for table, pairs, board in zip(ranking.tables, ranking.pairs, ranking.boards, strict=True):
        order = [row.restorer for row in board.rows if row.rank is not None]
        if pairs:
            tests += pair_tests(table, pairs, order)
            diagrams.append(critical_difference(table, pairs, order))
    return tuple(tests), tuple(diagram for diagram in diagrams if diagram is not None)


def headlines(ranking: Ranking) -> tuple[Headline, ...]:
    """Who leads on each set, by the benchmark's first metric that ranks there."""
    found = []
    for scope, _ in scopes(ranking.data):
        board = main_board(ranking, scope)
        if board is None:
            continue
        best, *rest = (row for row in board.rows if row.rank is not None)
        equals = (row.restorer for row in rest if row.rank == 1 or row.ties_best)
        leaders = (best.restorer, *equals)
        task, mean = task_of(ranking.data, scope), best.mean or 0.0
        found.append(Headline(task, scope, board.metric, leaders, mean, best.n, 1 + len(rest)))
    return tuple(found)


def behind_leaders(ranking: Ranking) -> tuple[Difference, ...]:
    """Every ranked restorer of every leaderboard against the one with the best mean."""
    rows: list[Difference] = []
    for table, pairs, board in zip(ranking.tables, ranking.pairs, ranking.boards, strict=True):
        ranked = [row.restorer for row in board.rows if row.rank is not None]
        if len(ranked) > 1:
            gaps = {row.restorer: row for row in differences(table, pairs, ranked[0])}
            rows += [gaps[name] for name in ranked[1:]]
    return tuple(rows)
