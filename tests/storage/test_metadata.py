"""The header of a run: cards come back as cards, and what anybody may have written does no harm."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cards import MetricCard, RestorerCard, Task, WeightFile
from harness.plugins.kinds import fixed_card, metrics, restorers
from harness.results import PlannedSet, Run, RunPlan, RunRestorer
from harness.storage.metadata import read_run, write_run

FIXED = [card for name in restorers if (card := fixed_card(restorers.get(name)))]


def test_every_card_comes_back_as_it_went_in() -> None:
    run = Run(
        id="0" * 12,
        started="2026-01-01T00:00:00+00:00",
        plan=RunPlan(
            "bench",
            "What for",
            {"name": "rgb", "hash": "abc", "crop_border": "scale"},
            {"s": PlannedSet("denoise", {"sigma_255": 25.0}, 2, {"seed": 1}, "f", ("b", "a"))},
            ("psnr", "dri"),
        ),
        restorers={card.name: RunRestorer.of(card, "f", card.name) for card in FIXED},
        metrics={name: metrics.get(name).card for name in metrics},
        environment={"python": "3.11", "packages": {"numpy": "2"}},
        status="finished",
    )
    assert read_run(json.loads(json.dumps(write_run(run)))) == run
    assert any(card.weights for card in FIXED)
    assert any(run.metrics[name].bounds == (float("-inf"), float("inf")) for name in run.metrics)


def test_cards_of_an_earlier_version_have_the_defaults_of_what_they_do_not_say() -> None:
    old = {
        "plan": {"benchmark": "b", "sets": {"s": {"task": "denoise"}}},
        "restorers": {"tv": {"licence": "MIT", "tasks": ["denoise"], "gone": 1}},
        "metrics": {
            "psnr": {"higher_is_better": True, "bounds": [None, None]},
            "dri": {"higher_is_better": True, "bounds": [0, 100]},
        },
    }
    run = read_run(old)
    assert run.restorers["tv"] == RunRestorer("tv", tasks=(Task.DENOISE,), licence="MIT")
    assert run.metrics["psnr"] == MetricCard("psnr", False, True)
    assert run.metrics["dri"] == MetricCard("dri", False, True, bounds=(0, 100), preferred=True)
    assert run.plan.evaluation == {"name": "", "hash": ""}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("licence", ["MIT"]),
        ("parameters", "5"),
        ("parameters", True),
        ("scales", ["x"]),
        ("scales", 2),
        ("tasks", ["denoise", "of a later version"]),
        ("value_range", [0]),
        ("channel_order", "hsv"),
        ("weights", [{"distribution": "d"}]),
        ("name", "another"),
    ],
)
def test_a_field_that_does_not_fit_keeps_its_default(field: str, value: Any) -> None:
    run = read_run({"plan": {"benchmark": "b"}, "restorers": {"tv": {field: value, "paper": "p"}}})
    assert run.restorers["tv"] == RunRestorer("tv", paper="p")


def test_a_metric_of_unknown_direction_has_no_card() -> None:
    cards = {"a": {}, "b": None, "c": {"higher_is_better": "yes"}, "d": {"higher_is_better": False}}
    run = read_run({"plan": {"benchmark": "b"}, "metrics": cards})
    assert list(run.metrics) == ["d"]
    assert run.metric("a") == MetricCard("a", False, True), "what it says elsewhere is nothing"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
known = st.sampled_from(["plan", "restorers", "metrics", "environment", "id", "status"])
inner = st.sampled_from(["sets", "metrics", "evaluation", "benchmark", "bounds", "task", "weights"])


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(known, values | st.dictionaries(inner, values | st.dictionaries(inner, values)))
)
def test_whatever_stands_there_becomes_a_run(meta: dict[str, object]) -> None:
    run = read_run(meta)
    assert read_run(json.loads(json.dumps(write_run(run)))) == run


def test_a_weight_file_is_one_again() -> None:
    weight = WeightFile("dist", "1", "a/b.pth", "0" * 64, "MIT")
    card = RunRestorer.of(RestorerCard("net", weights=(weight,)), "f", "net")
    run = Run("i", "t", RunPlan("b"), {"net": card}, {}, {}, "running")
    assert read_run(json.loads(json.dumps(write_run(run)))).restorers["net"].weights == (weight,)
