"""Borda counts by hand, and orders over a run with gaps."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from made_run import CARDS

from harness.errors import InputError
from harness.ranking.aggregation import WAYS, Wishes, aggregate
from harness.ranking.ballots import shares_won
from harness.ranking.ntire_efficiency import log_ntire_score
from harness.results import (
    Cell,
    PlannedSet,
    Restored,
    Run,
    RunData,
    RunPlan,
    RunRestorer,
    Score,
    Skipped,
    Spent,
)


def test_borda_is_the_share_of_comparisons_won() -> None:
    values = np.array([[3.0, 1.0], [2.0, 2.0], [2.0, 3.0]])  # three restorers on two images
    assert shares_won(values).tolist() == [[1.0, 0.0], [0.25, 0.5], [0.25, 1.0]]


def make_run(values: dict[tuple[str, str, str], list[float]]) -> RunData:
    """(restorer, set, metric) -> scores by image."""
    scores = [
        Score(Cell(restorer, name, f"i{index}"), metric, value)
        for (restorer, name, metric), column in values.items()
        for index, value in enumerate(column)
    ]
    restorers = dict.fromkeys(name for name, _, _ in values)
    tasks = {"noise": "denoise", "more": "denoise", "small": "super-resolve"}
    sets = {name: PlannedSet(task) for name, task in tasks.items()}
    run = Run(
        id="0" * 12,
        started="2026-01-01T00:00:00+00:00",
        status="finished",
        environment={},
        restorers={name: RunRestorer(name) for name in restorers},
        metrics={name: CARDS[name] for name in ("psnr", "error")},
        plan=RunPlan("b", sets=sets, metrics=("psnr", "error")),
    )
    did = {(restorer, name) for restorer, name, _ in values}
    idle = [pair for pair in itertools.product(restorers, sets) if pair not in did]
    skipped = [Skipped(*pair, "not its task") for pair in idle]
    return RunData(run, tuple(scores), (), (), tuple(skipped))


@pytest.mark.parametrize("how", ["borda", "mean-rank", "bradley-terry"])
def test_aggregates_keep_tasks_apart_and_do_not_rank_the_incomplete(how: str) -> None:
    values: dict[tuple[str, str, str], list[float]] = {}
    names = enumerate(("good", "fair", "poor"))
    for (place, name), set_name in itertools.product(names, ("noise", "more")):
        values[name, set_name, "psnr"] = [30.0 - place + 0.1 * index for index in range(8)]
        values[name, set_name, "error"] = [1.0 + place + 0.1 * index for index in range(8)]
    values["absent", "noise", "psnr"] = [99.0] * 8
    values["large", "small", "psnr"] = [30.0] * 8
    values["larger", "small", "psnr"] = [31.0] * 8
    rows = aggregate(make_run(values), how)
    by_task: dict[str, list[tuple[object, ...]]] = {"denoise": [], "super-resolve": []}
    for row in rows:
        place = (row["restorer"], row["rank"], row["rank_low"], row["rank_high"])
        by_task[row["task"]].append(place)
    assert by_task["denoise"] == [
        ("good", 1, 1, 1), ("fair", 2, 2, 2), ("poor", 3, 3, 3), ("absent", None, None, None),
    ]  # fmt: skip
    assert by_task["super-resolve"] == [("larger", 1, 1, 1), ("large", 2, 2, 2)]
    assert all(row["ci_low"] <= row["mean"] <= row["ci_high"] for row in rows if row["rank"])


def test_no_interval_of_shares_leaves_what_shares_can_be() -> None:
    values = {
        ("ahead", "noise", "psnr"): [9.0, 9, 9, 1, 9, 9, 9, 9],
        ("second", "noise", "psnr"): [5.0, 5, 5, 5, 5, 5, 5, 1],
        ("last", "noise", "psnr"): [1.0, 1, 1, 1, 1, 1, 1, 5],
    }
    ends = {
        str(row["restorer"]): (row["ci_low"], row["ci_high"])
        for row in aggregate(make_run(values), "borda")
        if row["rank"] is not None
    }
    assert ends["ahead"][1] == 100.0
    assert ends["last"][0] == 0.0


def test_equals_share_a_rank() -> None:
    run = make_run({(name, "noise", "psnr"): [30.0, 31.0] for name in ("a", "b")})
    assert [row["rank"] for row in aggregate(run, "borda")] == [1, 1]
    strengths = [row["mean"] for row in aggregate(run, "bradley-terry")]
    assert strengths == pytest.approx([0, 0], abs=1e-6)


def test_an_unknown_way_is_named() -> None:
    ways = "borda, mean-rank, bradley-terry, weighted, ntire-efficiency"
    with pytest.raises(InputError, match=ways):
        aggregate(make_run({}), "condorcet")


def test_mean_rank_and_weighted_by_hand() -> None:
    values = {
        ("a", "noise", "psnr"): [30.0, 32.0], ("a", "noise", "error"): [5.0, 5.0],
        ("b", "noise", "psnr"): [29.0, 31.0], ("b", "noise", "error"): [2.0, 4.0],
        ("c", "noise", "psnr"): [20.0, 20.0], ("c", "noise", "error"): [9.0, 9.0],
    }  # fmt: skip
    ranks = {row["restorer"]: row["mean"] for row in aggregate(make_run(values), "mean-rank")}
    assert ranks == {"a": 1.5, "b": 1.5, "c": 3.0}
    rows = aggregate(make_run(values), "weighted", Wishes({"psnr": 1.0, "error": 0.8}))
    assert [(row["restorer"], row["rank"], row["mean"]) for row in rows] == [
        ("b", 1, pytest.approx(30 - 2.4)),
        ("a", 2, pytest.approx(31 - 4.0)),
        ("c", 3, pytest.approx(20 - 7.2)),
    ]
    with pytest.raises(InputError, match="weights are for dri"):
        aggregate(make_run(values), "weighted", Wishes({"dri": 1.0}))


def test_ntires_score() -> None:
    # NTIRE 2025, efficient super-resolution: the baseline has exp(2); one twice as fast, with half
    # of everything, has e
    half = np.array([1.0, 0.5])
    assert log_ntire_score(half, half, half) == pytest.approx([2, 1])
    by_hand = 0.7 * np.exp(2 * 0.3) + 0.15 * np.exp(2 * 2.0) + 0.15 * np.exp(2 * 0.9)
    parts = (np.array([value]) for value in (0.3, 2.0, 0.9))
    assert np.exp(log_ntire_score(*parts)) == pytest.approx([by_hand])


def costly(seconds: dict[str, float], **changes: object) -> RunData:
    """A run of networks alike but for their time, 8 images; `changes` are of the last."""
    data = make_run({(name, "noise", "psnr"): [30.0] * 8 for name in seconds})
    restored = [
        Restored(
            Cell(name, "noise", f"i{index}"),
            "",
            "",
            dataclasses.replace(
                Spent(each * (1 + 0.01 * index), 10.0, 5.0, flops=100, beside=0),
                **(changes if name == list(seconds)[-1] else {}),  # type: ignore[arg-type]
            ),
        )
        for name, each in seconds.items()
        for index in range(8)
    ]
    cards = {name: RunRestorer(name, parameters=1000) for name in seconds}
    run = dataclasses.replace(data.run, restorers=cards)
    return dataclasses.replace(data, run=run, restored=tuple(restored))


def test_ntires_score_of_what_costs_hundreds_of_times_the_base() -> None:
    seconds = {"base": 1.0, "slow": 300.0, "slower": 400.0, "slowest": 500.0}
    rows = aggregate(costly(seconds), "ntire-efficiency", Wishes(base="base"))
    assert [(row["restorer"], row["rank"], row["rank_high"]) for row in rows] == [
        ("base", 1, 1), ("slow", 2, 2), ("slower", 3, 3), ("slowest", 4, 4),
    ]  # fmt: skip
    logs = [row["log_mean"] for row in rows]
    # above a few times the base, time alone counts
    expected = [2.0, *(np.log(0.7) + 2 * seconds[name] for name in list(seconds)[1:])]
    assert logs == pytest.approx(expected)
    assert rows[0]["mean"] == pytest.approx(np.exp(2))
    assert [row["mean"] for row in rows[2:]] == [np.inf, np.inf], "beyond any float"
    for row in rows:
        ends = row["ci_low"], row["mean"], row["ci_high"]
        assert not np.isnan(np.array(ends, dtype=float)).any()
        assert sorted(ends) == list(ends)  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("changes", "advice"),
    [({"beside": 1}, "--workers 1"), ({"beside": None}, "--workers 1"), ({"batch": 4}, "--batch")],
)
def test_who_was_timed_beside_others_or_with_them_has_no_rank_by_time(
    changes: dict[str, int | None], advice: str
) -> None:
    data = costly({"base": 2.0, "fair": 3.0, "quick": 1.0}, **changes)
    rows = aggregate(data, "ntire-efficiency", Wishes(base="base"))
    assert [(row["restorer"], row["rank"]) for row in rows] == [
        ("base", 1), ("fair", 2), ("quick", None),
    ]  # fmt: skip
    assert advice in str(rows[2]["reason"])
    assert [row["reason"] for row in rows[:2]] == [None, None]
    with pytest.raises(InputError, match=advice):
        aggregate(data, "ntire-efficiency", Wishes(base="quick"))


def test_the_first_cell_of_a_worker_is_no_time_of_ntires() -> None:
    data = costly({"base": 1.0, "fair": 1.0})
    cold = dataclasses.replace(data.restored[-1].spent, seconds=1000.0, cold=True)
    slow = dataclasses.replace(data.restored[-1], spent=cold)
    data = dataclasses.replace(data, restored=(*data.restored[:-1], slow))
    rows = aggregate(data, "ntire-efficiency", Wishes(base="base"))
    assert [row["log_mean"] for row in rows] == pytest.approx([2, 2])
    assert {row["n"] for row in rows} == {7}


def test_every_way_ranks_the_better_first() -> None:
    values = {
        (name, "noise", metric): [base + step * place + 0.01 * index for index in range(7)]
        for place, name in enumerate(("first", "second", "third"))
        for metric, base, step in (("psnr", 30.0, -1.0), ("error", 1.0, 1.0))
    }
    for how in WAYS:
        if how != "ntire-efficiency":
            rows = aggregate(make_run(values), how, Wishes({"psnr": 1, "error": 1}))
            assert [row["restorer"] for row in rows] == ["first", "second", "third"], how
            assert [row["rank"] for row in rows] == [1, 2, 3]
