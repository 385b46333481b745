"""Trends: the run that introduced a step is named, noise is not."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from harness.cards import MetricCard
from harness.regression.baseline_file import write_baseline
from harness.regression.comparison import compare
from harness.regression.history import find_steps, trace
from harness.regression.measured_run import MeasuredRun, MeasuredScore


def run(day: int, level: float, degraded: str = "d", **changes: object) -> MeasuredRun:
    levels = [level + index for index in range(4)]
    images = {
        f"i{index}": MeasuredScore(value, degraded, "r", f"x{day}{index}")
        for index, value in enumerate(levels)
    }
    psnr = MetricCard("psnr", True, True, unit="dB", tolerance=0.02)
    plain = MeasuredRun(
        benchmark="b",
        started=f"2026-01-{day:02}T00:00:00+00:00",
        evaluation={"name": "rgb", "hash": "e1"},
        hardware={"processor": "p", "cores": 2, "device": "cpu", "workers": 1},
        metrics={"psnr": psnr},
        scores={("<mine> $x$", "noise", "psnr"): images},
        costs={},
        failures={},
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def test_the_run_that_introduced_a_step_is_named() -> None:
    levels = [30.0, 30.0, 30.0, 29.7, 29.7, 30.4]
    runs = {f"run{day}": run(day, level) for day, level in enumerate(levels, start=1)}
    history = trace(dict(reversed(runs.items())))
    [trend] = history.trends
    assert history.left_out == ()
    assert history.runs == tuple(runs), "in the order of their times"
    assert [(before.run, point.run, point.worse) for before, point in trend.steps()] == [
        ("run3", "run4", True), ("run5", "run6", False),
    ]  # fmt: skip
    assert [point.step for _, point in trend.steps()] == pytest.approx([-0.3, 0.7])
    assert trend.n == 4


def test_what_else_changed_with_a_step_is_named() -> None:
    old, new = (
        {"packages": {"torch": version, "numpy": "2.0"}, "git": {"commit": version}}
        for version in "12"
    )
    levels = [(30.0, old), (30.0, old), (29.0, new), (29.0, new)]
    runs = {
        f"run{day}": run(day, level, environment=where)
        for day, (level, where) in enumerate(levels, start=1)
    }
    [(_, point)] = trace(runs).trends[0].steps()
    assert (point.run, point.changes) == ("run3", ("git commit: 1, now 2", "torch: 1, now 2"))


def test_noise_is_no_step_and_a_drop_in_it_is_one(generator: np.random.Generator) -> None:
    false = sum(bool(find_steps(30 + generator.normal(0, 0.05, 30), 0.02)) for _ in range(200))
    assert false <= 20
    drop = 0.3 * (np.arange(30) >= 17)
    found = [find_steps(30 + generator.normal(0, 0.05, 30) - drop, 0.02) for _ in range(50)]
    assert sum(any(abs(index - 17) <= 1 for index in steps) for steps in found) >= 48


def test_two_runs_have_the_step_that_compare_finds() -> None:
    runs = {"old": run(1, 30.0), "new": run(2, 29.0)}
    verdicts = {str(item.verdict) for item in compare(runs["new"], runs["old"]).findings}
    assert verdicts == {"regressed"}
    [(before, point)] = trace(runs).trends[0].steps()
    assert (before.run, point.run, point.worse) == ("old", "new", True)
    assert point.step == pytest.approx(-1.0)
    same = {"old": run(1, 30.0), "new": run(2, 30.001)}
    assert list(trace(same).trends[0].steps()) == []


def test_two_runs_are_no_trend() -> None:
    assert find_steps(np.array([30.0, 20.0]), 0.02) == {}


def test_what_cannot_be_compared_is_left_out_and_named() -> None:
    runs = {
        "other evaluation": run(1, 10, evaluation={"name": "sr-y", "hash": "e2"}),
        "other metric": run(2, 10, metrics={"psnr": MetricCard("psnr", True, True, version="0")}),
        "good": run(3, 30),
        "last": run(4, 30),
    }
    history = trace(runs)
    assert [point.run for point in history.trends[0].points] == ["good", "last"]
    assert history.left_out == (
        "other evaluation: evaluation sr-y, the last run has rgb",
        "other metric: psnr has version 0, the last run 1",
    )
    without_common = trace({"a": run(1, 30, degraded="other"), "b": run(2, 30)})
    assert without_common.trends == (), "no image has the same pixels"


def test_the_command(command_line: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    paths = []
    for day, level in enumerate([30.0, 30.0, 30.0, 29.0], start=1):
        paths.append(tmp_path / f"day{day}.json")
        write_baseline(run(day, level), paths[-1])
    svg, html = tmp_path / "trend.svg", tmp_path / "trend.html"
    code, out, _ = command_line("history", *paths, "--svg", svg, "--html", html, "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "restobench/history/1")
    assert [row["step"] for row in document["rows"]] == [None, None, None, pytest.approx(-1.0)]
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    assert "introduced by" in html.read_text()
    assert command_line("history", *paths, "--html", tmp_path)[0] == 2
    assert command_line("history", *paths, "--html", tmp_path / "gone" / "trend.html")[0] == 2
    code, out, _ = command_line("history", *paths)
    assert "-1 at" in out
    assert "(worse)" in out
    assert command_line("history", *paths, "-m", "ssim")[0] == 4
