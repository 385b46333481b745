"""Verdicts: right direction, few false alarms, power; nothing compared that must not be."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.cards import MetricCard
from harness.errors import InputError
from harness.plugins.kinds import metrics
from harness.regression.comparison import compare
from harness.regression.measured_run import MeasuredRun, MeasuredScore
from harness.regression.tolerances import Settings, read_settings
from harness.results import Finding, PlannedSet, Spent, Verdict

IMAGES = [f"i{index:02}" for index in range(24)]
PSNR = MetricCard("psnr", True, True, unit="dB", tolerance=0.02, tolerance_on={"cuda": 0.04})
NIQE = MetricCard("niqe", False, False, tolerance=0.02)


def base(values: Mapping[str, list[float]], mark: str = "a", **changes: Any) -> MeasuredRun:
    """A baseline of one restorer and set: metric -> scores by image.

    `mark` makes the bytes of restored images.
    """
    scores = {
        ("mine", "noise", metric): {
            image: MeasuredScore(value, f"d{image}", f"r{image}", f"{mark}{image}")
            for image, value in zip(IMAGES, column, strict=False)
        }
        for metric, column in values.items()
    }
    plain = MeasuredRun(
        benchmark="b",
        started="",
        evaluation={"name": "rgb", "hash": "e1", "crop_border": "0", "luma": "float"},
        hardware={"processor": "p", "cores": 2, "device": "cpu", "workers": 1},
        metrics={"psnr": PSNR, "niqe": NIQE},
        scores=scores,
        costs={},
        failures={},
    )
    return dataclasses.replace(plain, **changes)


def verdicts(
    now: MeasuredRun, before: MeasuredRun, settings: Settings | None = None
) -> dict[str, Verdict]:
    return {row.metric: row.verdict for row in compare(now, before, settings).findings}


OLD = [30 + 0.2 * index for index in range(24)]


@pytest.mark.parametrize(
    ("change", "psnr", "niqe"),
    [
        (-0.5, Verdict.REGRESSED, Verdict.IMPROVED),
        (0.5, Verdict.IMPROVED, Verdict.REGRESSED),
        (-0.01, Verdict.SAME, Verdict.SAME),
        (0.0, Verdict.SAME, Verdict.SAME),
    ],
)
def test_the_direction_is_the_cards(change: float, psnr: Verdict, niqe: Verdict) -> None:
    new = [value + change for value in OLD]
    now, before = base({"psnr": new, "niqe": new}, mark="b"), base({"psnr": OLD, "niqe": OLD})
    assert verdicts(now, before) == {"psnr": psnr, "niqe": niqe}
    assert compare(now, before).exit_code() == (1 if abs(change) > 0.02 else 0)


@pytest.mark.parametrize(
    "name", ["psnr", "ssim-y", "niqe", "blur-effect", "dri", "pyiqa-gmsd", "pyiqa-vif"]
)
def test_worse_is_worse_for_every_kind_of_card(name: str) -> None:
    card = metrics.get(name).card
    worse = -1.0 if card.higher_is_better else 1.0
    described = {name: MetricCard(name, False, card.higher_is_better)}
    now = base({name: [value + worse for value in OLD]}, "b", metrics=described)
    assert verdicts(now, base({name: OLD}, metrics=described)) == {name: Verdict.REGRESSED}


def test_the_worst_image_is_named() -> None:
    new = [value - (3.0 if index == 7 else 0.4) for index, value in enumerate(OLD)]
    comparison = compare(base({"psnr": new}, "b"), base({"psnr": OLD}))
    [row] = comparison.findings
    assert (row.verdict, row.worst_image, row.n) == (Verdict.REGRESSED, "i07", 24)
    assert row.ci_low is not None
    assert row.ci_high is not None
    assert row.difference is not None
    assert row.ci_low < row.difference < row.ci_high < -0.02


def test_equal_bytes_are_equal() -> None:
    comparison = compare(base({"psnr": OLD}), base({"psnr": OLD}))
    [row] = comparison.findings
    assert (row.verdict, row.difference, comparison.exit_code()) == (Verdict.EQUAL, 0.0, 0)


def test_equal_bytes_with_other_scores_are_a_changed_metric() -> None:
    comparison = compare(base({"psnr": [value - 1 for value in OLD]}), base({"psnr": OLD}))
    [row] = comparison.findings
    assert (row.verdict, comparison.exit_code()) == (Verdict.INCOMPARABLE, 4)
    assert "the metric changed" in row.reason


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (
            {"evaluation": {"name": "sr-y", "hash": "e2"}},
            "evaluation: baseline rgb e1, now sr-y e2",
        ),
        (
            {"evaluation": {"name": "sr-y", "hash": "e2", "crop_border": "scale", "luma": "float"}},
            "evaluation: baseline rgb e1, now sr-y e2; baseline crop_border 0, now scale",
        ),
        (
            {"metrics": {"psnr": dataclasses.replace(PSNR, version="2")}},
            "version of psnr: baseline 1, now 2",
        ),
        (
            {"sets": {"noise": PlannedSet(conditions={"sigma_255": 15})}},
            "conditions of noise: baseline sigma_255 25, now sigma_255 15",
        ),
    ],
)
def test_another_evaluation_is_refused_with_the_field_that_differs(
    changes: dict[str, Any], field: str
) -> None:
    comparison = compare(
        base({"psnr": [0.0] * 24}, "b", **changes),
        base({"psnr": OLD}, sets={"noise": PlannedSet(conditions={"sigma_255": 25})}),
    )
    [row] = comparison.findings
    assert (row.verdict, row.reason, comparison.exit_code()) == (Verdict.INCOMPARABLE, field, 4)


def test_images_of_other_pixels_are_left_out_and_named() -> None:
    now, before = base({"psnr": OLD}, "b"), base({"psnr": OLD})
    group = ("mine", "noise", "psnr")
    images = dict(now.scores[group])
    images["i03"] = dataclasses.replace(images["i03"], degraded="other")
    comparison = compare(dataclasses.replace(now, scores={group: images}), before)
    [row] = comparison.findings
    assert (row.verdict, row.n, row.reason) == (
        Verdict.SAME,
        23,
        "other version of the set in i03 (degraded pixels: baseline di03, now other)",
    )
    other = {image: dataclasses.replace(item, degraded="other") for image, item in images.items()}
    comparison = compare(dataclasses.replace(now, scores={group: other}), before)
    [row] = comparison.findings
    assert (row.verdict, comparison.exit_code()) == (Verdict.INCOMPARABLE, 4)


def test_new_gone_and_failing_cells_are_named() -> None:
    before = base({"psnr": OLD, "niqe": OLD})
    now = base({"psnr": OLD[:20]}, failures={("mine", "noise", "i21", ""): "timeout: too slow"})
    comparison = compare(now, before)
    rows = {row.metric: row for row in comparison.findings}
    assert rows["psnr"].verdict is Verdict.FAILED
    why = "1 image fails now that did not in the baseline: timeout: too slow"
    assert rows["psnr"].reason == why
    assert rows["psnr"].worst_image == "i21"
    assert rows["niqe"].verdict is Verdict.FAILED
    assert comparison.exit_code() == 3
    assert verdicts(base({"psnr": OLD}), before)["niqe"] is Verdict.GONE
    assert verdicts(before, base({"psnr": OLD}))["niqe"] is Verdict.NEW


def test_a_failing_cell_does_not_hide_a_regression_of_the_others() -> None:
    lower = [value - 1 for value in OLD[:23]]
    now = base({"psnr": lower}, "b", failures={("mine", "noise", "i23", ""): "raised: x"})
    comparison = compare(now, base({"psnr": OLD}))
    [row] = comparison.findings
    assert (row.verdict, row.n, comparison.exit_code()) == (Verdict.REGRESSED, 23, 1)
    assert "raised: x" in row.reason


def test_a_regression_outranks_a_failure() -> None:
    now = base({"psnr": [value - 1 for value in OLD], "niqe": OLD[:23]}, "b")
    now = dataclasses.replace(now, failures={("mine", "noise", "i23", "niqe"): "metric: NaN"})
    assert compare(now, base({"psnr": OLD, "niqe": OLD})).exit_code() == 1


def test_a_cell_that_failed_already_is_no_news() -> None:
    failures = {("mine", "noise", "i23", ""): "timeout: too slow"}
    now, before = (base({"psnr": OLD[:23]}, failures=failures) for _ in range(2))
    assert verdicts(now, before) == {"psnr": Verdict.EQUAL}


def test_infinite_scores_take_part() -> None:
    perfect = [float("inf")] * 24
    before = base({"psnr": perfect})
    assert verdicts(base({"psnr": perfect}, "b"), before) == {"psnr": Verdict.SAME}
    assert verdicts(base({"psnr": OLD}, "b"), before) == {"psnr": Verdict.REGRESSED}


def test_two_images_are_too_few() -> None:
    comparison = compare(base({"psnr": [1.0, 1.0]}, "b"), base({"psnr": OLD[:2]}))
    [row] = comparison.findings
    assert (row.verdict, comparison.exit_code()) == (Verdict.INCOMPARABLE, 4)


def test_a_small_drop_is_found_and_noise_is_not(generator: np.random.Generator) -> None:
    # the figures of tests/performance/regression_power.py with fewer trials
    before = base({"psnr": OLD})

    def rate(drop: float, spread: float, trials: int) -> float:
        found = 0
        for _ in range(trials):
            new = np.array(OLD) - drop + generator.normal(0, spread, 24)
            found += verdicts(base({"psnr": list(new)}, "b"), before)["psnr"] is Verdict.REGRESSED
        return found / trials

    assert rate(0.1, 0.08, 60) >= 0.95
    assert rate(0.0, 0.1, 200) <= 0.01


def costs(
    now: list[float], before: list[float], column: int = 0, **hardware: Any
) -> tuple[MeasuredRun, MeasuredRun]:
    """Two runs that differ in one cost; the others are too small to judge."""

    def spent(values: list[float]) -> dict[tuple[str, str], dict[str, Spent]]:
        zeros = [0.0, 0.0, 0.0]
        each = (Spent(*zeros[:column], value, *zeros[column + 1 :]) for value in values)
        return {("mine", "noise"): dict(zip(IMAGES, each, strict=False))}

    old = base({"psnr": OLD}, costs=spent(before))
    return base({"psnr": OLD}, costs=spent(now), hardware={**old.hardware, **hardware}), old


@pytest.mark.parametrize(
    ("column", "metric", "unit"),
    [(0, "seconds", 1.0), (1, "peak_mib", 500.0), (2, "growth_mib", 500.0)],
)
def test_slower_and_hungrier_is_found(
    column: int, metric: str, unit: float, generator: np.random.Generator
) -> None:
    quiet = list(unit * generator.uniform(0.9, 1.1, 24))
    noisy = list(unit * generator.uniform(0.9, 1.1, 24))
    slow = [1.5 * value for value in noisy]
    assert verdicts(*costs(noisy, quiet, column))[metric] is Verdict.SAME
    assert verdicts(*costs(slow, quiet, column))[metric] is Verdict.REGRESSED
    assert verdicts(*costs(quiet, slow, column))[metric] is Verdict.IMPROVED


def test_costs_are_not_judged_across_machines_or_side_by_side() -> None:
    slow = [9.0 + 0.1 * index for index in range(24)]
    quick = [1.0 + 0.01 * index for index in range(24)]

    def seconds(now: MeasuredRun, before: MeasuredRun) -> Finding:
        return next(row for row in compare(now, before).findings if row.metric == "seconds")

    for hardware, reason in (
        ({"cores": 64}, "cores: baseline 2, now 64"),
        ({"processor": "q"}, "processor: "),
    ):
        row = seconds(*costs(slow, quick, **hardware))
        assert row.verdict is Verdict.INCOMPARABLE
        assert row.reason.startswith(reason)
        assert row.difference is not None, "reported all the same"
    now, before = costs(slow, quick)
    side_by_side = {**before.hardware, "workers": 4}
    both = (dataclasses.replace(item, hardware=side_by_side) for item in (now, before))
    assert "--workers 1" in seconds(*both).reason


def found(now: MeasuredRun, before: MeasuredRun) -> dict[str, Finding]:
    return {row.metric: row for row in compare(now, before).findings}


def with_costs(run: MeasuredRun, *each: Spent) -> MeasuredRun:
    """One cost for each image, the first repeated."""
    spent = [*each, *[each[0]] * (24 - len(each))]
    costs = {("mine", "noise"): dict(zip(IMAGES, spent, strict=True))}
    return dataclasses.replace(run, costs=costs)


def test_an_older_baseline_is_compared_by_the_growth_that_it_holds() -> None:
    plain = base({"psnr": OLD})
    older = with_costs(plain, *(Spent(1 + 0.01 * i, None, 100.0 + i) for i in range(24)))
    same = with_costs(plain, *(Spent(1 + 0.01 * i, 700.0, 100.5 + i, beside=0) for i in range(24)))
    more = with_costs(plain, *(Spent(1 + 0.01 * i, 700.0, 200.5 + i, beside=0) for i in range(24)))
    rows = found(same, older)
    assert rows["growth_mib"].verdict is rows["seconds"].verdict is Verdict.SAME
    assert (rows["peak_mib"].verdict, rows["peak_mib"].difference) == (Verdict.INCOMPARABLE, None)
    assert "older version" in rows["peak_mib"].reason
    assert found(more, older)["growth_mib"].verdict is Verdict.REGRESSED
    assert found(more, same)["peak_mib"].verdict is Verdict.SAME, "the weights are most of it"


@pytest.mark.parametrize(("beside", "batch"), [(1, 1), (0, 4)])
def test_seconds_side_by_side_or_shared_are_reported_and_not_judged(
    beside: int, batch: int
) -> None:
    plain = base({"psnr": OLD})
    before = with_costs(plain, *(Spent(1 + 0.01 * i, 9.0, 9.0, beside=0) for i in range(24)))
    slow = [Spent(3 + 0.01 * i, 9.0, 9.0, beside=beside, batch=batch) for i in range(24)]
    row = found(with_costs(plain, *slow), before)["seconds"]
    assert row.verdict is Verdict.INCOMPARABLE
    assert "--workers 1 and without --batch" in row.reason
    assert row.difference == pytest.approx(1.8, abs=0.2)
    # the few that were timed alone are judged by themselves
    alone = [dataclasses.replace(item, beside=0, batch=1) for item in slow[:12]]
    row = found(with_costs(plain, *alone, *slow[12:]), before)["seconds"]
    assert (row.verdict, row.n) == (Verdict.REGRESSED, 12)


def test_settings_come_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("alpha = 0.05\n[tolerance]\npsnr = 1.0")
    settings = read_settings(path)
    new = [value - 0.5 for value in OLD]
    now, before = base({"psnr": new}, "b"), base({"psnr": OLD})
    assert verdicts(now, before, settings) == {"psnr": Verdict.SAME}
    for text, message in (
        ("alfa = 1", "'alfa' is unknown; expected one of alpha"),
        ("alpha = true", "alpha is True"),
        ("[tolerance]\npsnr = -1", "psnr is -1"),
        ("[tolerance", "cannot be read"),
    ):
        path.write_text(text)
        with pytest.raises(InputError, match=message):
            read_settings(path)


def test_tolerances_are_wider_on_cuda() -> None:
    new = [value - 0.03 for value in OLD]
    on_cuda = {"processor": "p", "cores": 2, "device": "cuda:0", "workers": 1}
    now, before = base({"psnr": new}, "b"), base({"psnr": OLD})
    assert verdicts(now, before) == {"psnr": Verdict.REGRESSED}
    now, before = (dataclasses.replace(item, hardware=on_cuda) for item in (now, before))
    assert verdicts(now, before) == {"psnr": Verdict.SAME}
