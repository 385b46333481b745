"""Orders with one image, metric or set left out: by hand, and against recomputed leaderboards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_run import made_run, tables_of

from harness.ranking.ballots import ballots
from harness.ranking.leaderboards import rank_run
from harness.ranking.stability import stability
from harness.results import RunData, Stability


def rows_of(data: RunData) -> dict[tuple[str, str | None, str], Stability]:
    found = tables_of(data)
    rows = stability(data, found, list(ballots(data, found)))
    return {(row.left_out, row.set, row.metric): row for row in rows}


def test_one_image_that_decides_is_named() -> None:
    # a leads by its one splendid image
    data = made_run({("a", "s", "psnr"): [30, 30, 30, 50], ("b", "s", "psnr"): [31, 31, 31, 31]})
    row = rows_of(data)["image", "s", "psnr"]
    assert (row.cases, row.most_influential) == (4, "i003")
    assert (row.same_leader, row.same_order) == (0.75, 0.75)
    assert row.lowest_tau == -1.0
    assert [(r.restorer, r.rank, r.best, r.worst) for r in row.ranges] == [
        ("a", 1, 1, 2),
        ("b", 2, 1, 2),
    ]


def test_the_furthest_order_is_that_of_the_lowest_tau_whichever_comes_first() -> None:
    # without the first image b, c, a; without the second c, b, a: ranks move as far in both
    scores = {"a": [9, 9, -9], "b": [1, 3, 3], "c": [3, 0, 2.5]}
    data = made_run({(name, "s", "psnr"): row for name, row in scores.items()})
    found = rows_of(data)["image", "s", "psnr"]
    assert [r.restorer for r in found.ranges] == ["a", "b", "c"]
    assert (found.most_influential, found.lowest_tau) == ("i001", -1.0)


def test_an_order_that_nothing_changes() -> None:
    data = made_run({("a", "s", "error"): [1, 1, 1], ("b", "s", "error"): [2, 2, 2]})
    row = rows_of(data)["image", "s", "error"]
    assert (row.same_leader, row.same_order, row.lowest_tau) == (1.0, 1.0, 1.0)
    assert row.most_influential is None


def test_a_metric_that_decides_and_a_set_that_does_not() -> None:
    values = {}
    for name in ("s", "t"):
        values["a", name, "psnr"], values["b", name, "psnr"] = [30.0] * 4, [31.0] * 4
        values["a", name, "error"], values["b", name, "error"] = [1.0] * 4, [2.0] * 4
        values["a", name, "dri"], values["b", name, "dri"] = [5.0] * 4, [4.0] * 4
    rows = rows_of(made_run(values))
    metric, sets = rows["metric", None, "borda"], rows["set", None, "borda"]
    assert (metric.cases, sets.cases) == (3, 2)
    assert sets.same_order == 1.0
    # without dri, or without error, the two tie; without psnr a wins outright
    assert metric.same_leader == pytest.approx(1 / 3)
    assert metric.most_influential in ("error", "dri")


def test_a_perfect_image_decides_only_as_long_as_it_is_there() -> None:
    data = made_run({("a", "s", "psnr"): [np.inf, 30, 30], ("b", "s", "psnr"): [31, 31, 31]})
    row = rows_of(data)["image", "s", "psnr"]
    assert row.most_influential == "i000"
    assert row.same_leader == pytest.approx(2 / 3)


columns = st.lists(st.integers(0, 20), min_size=4, max_size=4)


@settings(max_examples=40, deadline=None)
@given(st.lists(columns, min_size=2, max_size=4), st.booleans())
def test_ranks_are_those_of_the_leaderboard_without_the_image(
    table: list[list[int]], higher: bool
) -> None:
    metric = "psnr" if higher else "error"
    data = made_run({(f"r{i}", "s", metric): column for i, column in enumerate(table)})
    row = rows_of(data)["image", "s", metric]
    seen: dict[str, list[int]] = {}
    for index in range(4):
        kept = tuple(score for score in data.scores if score.cell.image != f"i{index:03d}")
        for line in rank_run(replace(data, scores=kept)).boards[0].rows:
            assert line.rank is not None
            seen.setdefault(line.restorer, []).append(line.rank)
    assert {r.restorer: (r.best, r.worst) for r in row.ranges} == {
        name: (min(ranks), max(ranks)) for name, ranks in seen.items()
    }
