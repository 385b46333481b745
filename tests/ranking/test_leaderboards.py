"""Leaderboards: direction, common images, infinities, failures, ties; and differences to one."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cards import MetricCard
from harness.errors import InputError, StoreError
from harness.ranking.leaderboards import rank_run, versus
from harness.results import (
    SIGNIFICANT,
    Cell,
    Failure,
    FailureKind,
    Leaderboard,
    PlannedSet,
    Run,
    RunData,
    RunPlan,
    RunRestorer,
    Score,
    Skipped,
)

Table = Mapping[str, Mapping[str, float]]


def make_run(
    sets: Mapping[str, Table],
    *,
    higher: bool = True,
    tasks: Mapping[str, str] | None = None,
    failures: tuple[Failure, ...] = (),
    skipped: tuple[Skipped, ...] = (),
    restorers: tuple[str, ...] = (),
) -> RunData:
    """sets: set -> restorer -> image -> score."""
    scores = tuple(
        Score(Cell(restorer, name, image), "quality", value)
        for name, table in sets.items()
        for restorer, column in table.items()
        for image, value in column.items()
    )
    names = dict.fromkeys([*(r for table in sets.values() for r in table), *restorers])
    tasked = {name: PlannedSet((tasks or {}).get(name, "denoise")) for name in sets}
    plan = RunPlan("bench", sets=tasked, metrics=("quality",))
    metrics = {"quality": MetricCard("quality", False, higher)}
    run = Run("id", "now", plan, {n: RunRestorer(n) for n in names}, metrics, {}, "finished")
    return RunData(run, scores, failures, (), skipped)


def column(values: list[float]) -> dict[str, float]:
    return {f"i{index:02d}": value for index, value in enumerate(values)}


def only(data: RunData) -> Leaderboard:
    (board,) = rank_run(data).boards
    return board


def ranks(board: Leaderboard) -> dict[str, int | None]:
    return {row.restorer: row.rank for row in board.rows}


def test_hand_computed_means_and_ranks() -> None:
    table = {"a": column([30, 32]), "b": column([31, 34]), "c": column([10, 20])}
    board = only(make_run({"s": table}))
    assert [(row.restorer, row.rank, row.mean, row.n) for row in board.rows] == [
        ("b", 1, 32.5, 2),
        ("a", 2, 31.0, 2),
        ("c", 3, 15.0, 2),
    ]


def test_lower_is_better_turns_the_order_round() -> None:
    table = {"a": column([1, 2]), "b": column([3, 4])}
    assert ranks(only(make_run({"s": table}))) == {"b": 1, "a": 2}
    board = only(make_run({"s": table}, higher=False))
    assert ranks(board) == {"a": 1, "b": 2}
    assert [row.mean for row in board.rows] == [1.5, 3.5]


def test_means_are_over_common_images_only() -> None:
    # by its own images b would lead: it lacks the hard one
    table = {"a": {"easy": 40.0, "hard": 20.0}, "b": {"easy": 39.0}}
    failed = Failure(Cell("b", "s", "hard"), FailureKind.TIMEOUT, "slow")
    board = only(make_run({"s": table}, failures=(failed,)))
    assert [(row.restorer, row.mean, row.n, row.failures) for row in board.rows] == [
        ("a", 40.0, 1, 0),
        ("b", 39.0, 1, 1),
    ]


def test_a_restorer_without_any_score_is_shown_and_not_ranked() -> None:
    cells = [Cell("dead", "s", f"i{i:02d}") for i in range(3)]
    failures = tuple(Failure(cell, FailureKind.CRASHED, "signal 11") for cell in cells)
    board = only(make_run({"s": {"a": column([1, 2, 3])}}, failures=failures, restorers=("dead",)))
    assert board.rows[0].n == 3
    dead = board.rows[1]
    assert (dead.restorer, dead.n, dead.failures) == ("dead", 0, 3)
    assert (dead.rank, dead.rank_low, dead.mean) == (None, None, None)


def test_a_restorer_that_skips_the_set_is_not_on_its_leaderboard() -> None:
    skipped = (Skipped("other", "s", "no x1"),)
    board = only(make_run({"s": {"a": column([1])}}, skipped=skipped, restorers=("other",)))
    assert ranks(board) == {"a": 1}


def test_without_any_common_image_the_one_with_the_fewest_is_left_out() -> None:
    table = {"a": {"x": 1.0, "y": 2.0}, "b": {"y": 3.0, "z": 1.0}, "c": {"w": 9.0}}
    assert ranks(only(make_run({"s": table}))) == {"b": 1, "a": 2, "c": None}


def test_infinity_ranks_first_and_two_infinities_tie() -> None:
    table = {"a": column([30.0] * 8), "b": column([math.inf] * 8), "c": column([math.inf] * 8)}
    board = only(make_run({"s": table}))
    assert ranks(board) == {"b": 1, "c": 1, "a": 3}
    first, second, third = board.rows
    assert first.mean == first.ci_low == first.ci_high == math.inf
    assert (first.rank_low, first.rank_high, second.rank_high, third.rank_low) == (1, 2, 2, 3)


@pytest.mark.parametrize("higher", [True, False])
@pytest.mark.parametrize(("bounds", "expected"), [((0, 1), (0, 1)), ((0.3, 0.6), (0.3, 0.6))])
def test_no_interval_leaves_the_bounds_of_its_metric(
    higher: bool, bounds: tuple[float, float], expected: tuple[float, float]
) -> None:
    data = make_run({"s": {"a": column([0.02, 0.9, 0.98])}}, higher=higher)
    free = only(data).rows[0]
    assert free.ci_low is not None
    assert free.ci_high is not None
    assert (free.ci_low < 0, free.ci_high > 1) == (True, True)
    metrics = {"quality": MetricCard("quality", False, higher, bounds=bounds)}
    row = only(replace(data, run=replace(data.run, metrics=metrics))).rows[0]
    # a card that the scores contradict: an interval holds its own mean all the same
    assert (row.ci_low, row.ci_high) == (expected[0], max(expected[1], row.mean or 0))


def test_identical_restorers_share_a_rank_and_its_range() -> None:
    values = [30.1, 28.7, 33.3, 31.9, 29.4, 30.0, 35.5]
    board = only(make_run({"s": {"a": column(values), "b": column(values)}}))
    assert {(row.rank, row.rank_low, row.rank_high) for row in board.rows} == {(1, 1, 2)}


def test_pairing_tells_apart_what_overlapping_intervals_would_not(
    generator: np.random.Generator,
) -> None:
    base = generator.normal(30, 4, 30)
    a, b = column(list(base + 0.3)), column(list(base + generator.normal(0, 0.1, 30)))
    first, second = only(make_run({"s": {"a": a, "b": b}})).rows
    assert first.ci_low is not None
    assert second.ci_high is not None
    assert first.ci_low < second.ci_high  # the intervals overlap widely
    assert (first.rank_high, second.rank_low) == (1, 2)  # and yet the difference is certain


def test_fewer_than_six_images_are_told_apart_by_the_t_test() -> None:
    apart = {"a": column([30.0, 31, 30, 33, 29]), "b": column([20.0, 22, 20, 22, 19])}
    board = only(make_run({"s": apart}))
    assert [(row.rank, row.rank_low, row.rank_high) for row in board.rows] == [(1, 1, 1), (2, 2, 2)]
    close = {"a": column([30.0, 31, 30, 33, 29]), "b": column([30.0, 30, 31, 31, 29])}
    board = only(make_run({"s": close}))
    assert [(row.rank, row.rank_low, row.rank_high) for row in board.rows] == [(1, 1, 2), (2, 1, 2)]


def test_one_image_has_no_interval() -> None:
    (row,) = only(make_run({"s": {"a": column([30.0])}})).rows
    assert (row.mean, row.ci_low, row.ci_high) == (30.0, None, None)


def test_there_is_no_mean_across_tasks() -> None:
    sets = {"noisy": {"a": column([1, 2])}, "small": {"a": column([3, 4])}}
    mixed = rank_run(make_run(sets, tasks={"noisy": "denoise", "small": "super-resolve"})).boards
    assert [board.set for board in mixed] == ["noisy", "small"]


def test_sets_of_one_task_get_a_whole_benchmark_leaderboard_of_those_that_ran_on_all() -> None:
    sets = {
        "s15": {"a": column([30, 40]), "b": column([31, 41]), "partial": column([99, 99])},
        "s50": {"a": column([20]), "b": column([10])},
    }
    boards = rank_run(make_run(sets)).boards
    assert [board.set for board in boards] == [None, "s15", "s50"]
    assert [(row.restorer, row.rank, row.mean, row.n) for row in boards[0].rows] == [
        ("a", 1, 30.0, 3),
        ("b", 2, pytest.approx(82 / 3), 3),
        ("partial", None, None, 0),
    ]


def test_an_image_in_two_sets_counts_once_for_the_interval(generator: np.random.Generator) -> None:
    values = list(generator.normal(30, 2, 12))
    one = {"a": column(values), "b": column(values)}
    alone = rank_run(make_run({"s15": one})).boards[0].rows[0]
    twice = rank_run(make_run({"s15": one, "s50": one})).boards[0].rows[0]
    assert twice.n == 24
    interval = [alone.ci_low, alone.ci_high]
    assert [twice.ci_low, twice.ci_high] == pytest.approx(interval)


def test_a_metric_without_a_card_is_refused() -> None:
    data = make_run({"s": {"a": column([1])}})
    data = replace(data, run=replace(data.run, metrics={}))
    with pytest.raises(StoreError, match="quality"):
        rank_run(data)


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(InputError, match="policy 'own'"):
        rank_run(make_run({}), policy="own")


def test_versus_by_hand() -> None:
    table = {"a": column([1.0, 2, 3, 4, 5, 6]), "b": column([2.0, 3, 4, 5, 6, 7])}
    (row,) = versus(rank_run(make_run({"s": table})), "a")
    assert (row.restorer, row.versus) == ("b", "a")
    assert (row.difference, row.ci_low, row.ci_high) == (1.0, 1.0, 1.0)
    assert row.p == pytest.approx(2 / 2**6)
    assert row.verdict == "better"
    (lower,) = versus(rank_run(make_run({"s": table}, higher=False)), "a")
    assert lower.verdict == "worse"


def test_versus_is_antisymmetric(generator: np.random.Generator) -> None:
    table = {name: column(list(generator.normal(size=20))) for name in ("a", "b")}
    data = make_run({"s": table})
    (forth,), (back,) = versus(rank_run(data), "a"), versus(rank_run(data), "b")
    assert forth.difference == pytest.approx(-(back.difference or 0))
    assert forth.p == back.p


def test_versus_difference_is_that_of_the_leaderboard_and_perfect_images_do_not_differ() -> None:
    table = {"a": column([math.inf, 30, 31]), "b": column([math.inf, 31, 31])}
    (row,) = versus(rank_run(make_run({"s": table})), "a")
    assert row.difference == pytest.approx(1 / 3)


def test_versus_an_unknown_restorer() -> None:
    with pytest.raises(InputError, match="'c'; it has a"):
        versus(rank_run(make_run({"s": {"a": column([1])}})), "c")


finite_or_inf = st.one_of(st.floats(-1e6, 1e6), st.just(math.inf))
tables = st.dictionaries(
    st.sampled_from("abcde"),
    st.dictionaries(st.sampled_from([f"i{n}" for n in range(8)]), finite_or_inf, max_size=8),
    min_size=1,
)


@settings(max_examples=60, deadline=None)
@given(tables, st.booleans())
def test_properties_that_hold_for_any_scores(table: Table, higher: bool) -> None:
    ahead = operator.gt if higher else operator.lt
    for board in rank_run(make_run({"s": table}, higher=higher)).boards:
        assert {row.restorer for row in board.rows} == set(table)
        ranked = [row for row in board.rows if row.rank is not None]
        assert [row.rank for row in ranked] == sorted(row.rank for row in ranked if row.rank)
        for row in ranked:
            assert row.rank is not None and row.mean is not None
            assert row.rank_low is not None and row.rank_high is not None
            assert 1 <= row.rank_low <= row.rank <= row.rank_high <= len(ranked)
            if row.ci_low is not None and row.ci_high is not None:
                assert row.ci_low <= row.mean <= row.ci_high
            assert (row.group == 1) is (row.rank_low == 1)
            if row.p is not None and row.gap_low is not None and row.gap_high is not None:
                assert (row.p <= SIGNIFICANT) is (row.gap_low > 0 or row.gap_high < 0)
                assert row.p > SIGNIFICANT or row.rank_low > 1
            better = [r for r in ranked if r.mean is not None and ahead(r.mean, row.mean)]
            assert row.rank == 1 + len(better)


@settings(max_examples=30, deadline=None)
@given(tables, st.randoms())
def test_the_order_of_rows_in_the_store_does_not_matter(table: Table, random: object) -> None:
    from dataclasses import replace

    data = make_run({"s": table})
    shuffled = list(data.scores)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rank_run(replace(data, scores=tuple(shuffled))).boards == rank_run(data).boards
