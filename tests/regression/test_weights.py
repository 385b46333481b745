"""Changed weights of a real network, DnCNN: what is worse is found with its worst image.

What is not is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from harness.regression.comparison import compare
from harness.regression.measured_run import MeasuredRun, load_measured, rename
from harness.results import Comparison, Verdict

BENCHMARK = """
evaluation = "awgn"
metrics = ["psnr"]
[[sets]]
name = "crops"
task = "denoise"
folder = "crops"
degradations = [{ name = "gaussian-noise", sigma_255 = 25 }]
"""


def quantised(weights: dict[str, Any], bits: int) -> dict[str, Any]:
    """Every tensor rounded to so many bits, symmetric around 0."""
    levels = 2 ** (bits - 1) - 1
    steps = {name: tensor.abs().max() / levels for name, tensor in weights.items()}
    return {name: (weights[name] / step).round() * step for name, step in steps.items()}


def for_sigma(weights: dict[str, Any], sigma: float) -> dict[str, Any]:
    """The network for another noise level: its input is brightened and its noise darkened."""
    first, last = "model.0.weight", ("model.32.weight", "model.32.bias")
    changed = {
        first: weights[first] * 25 / sigma,
        **{name: weights[name] * sigma / 25 for name in last},
    }
    return {**weights, **changed}


Judge = Callable[[str], Comparison]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Judges one of the weight files against the original, all from one run."""
    import os

    import torch

    from harness.plugins.kinds import resolve_benchmark
    from harness.running.plan import make_plan
    from harness.running.runner import run_plan

    data = Path(os.environ.get("RESTOBENCH_DATA", ""))
    original = data / "weights" / "dncnn_25.pth"
    if not original.is_file():
        pytest.skip("RESTOBENCH_DATA has no weights/dncnn_25.pth")
    folder = tmp_path_factory.mktemp("weights")
    (folder / "crops").mkdir()
    for path in sorted((data / "sets" / "set12").glob("*.png")):
        with Image.open(path) as image:
            image.crop((96, 96, 160, 160)).save(folder / "crops" / path.name)
    (folder / "b.toml").write_text(BENCHMARK)
    weights = torch.load(original, weights_only=True)
    changes = {
        "original": weights,
        "half": {name: tensor.half().float() for name, tensor in weights.items()},
        "seven-bits": quantised(weights, 7),
        "sigma-15": for_sigma(weights, 15),
    }
    for name, changed in changes.items():
        torch.save(changed, folder / f"{name}.pth")
    # the network for another sigma looks as if it were fed in the wrong range
    texts = [f"{folder / name}.pth:probe=false" for name in changes]
    plan = make_plan(resolve_benchmark(str(folder / "b.toml")), texts)
    run_plan(plan, folder / "run")
    run = load_measured(folder / "run")
    called = dict(zip(changes, (item.name for item in plan.restorers), strict=True))

    def judge(name: str) -> Comparison:
        now, before = only(run, called[name]), only(run, called["original"])
        if name != "original":
            before = rename(before, [f"{called[name]}={called['original']}"])
        return compare(now, before)

    return judge


def only(run: MeasuredRun, restorer: str) -> MeasuredRun:
    """One restorer of a run."""

    def of(keys: Iterable[Any]) -> list[Any]:
        return [key for key in keys if key[0] == restorer]

    scores = {key: run.scores[key] for key in of(run.scores)}
    return replace(run, scores=scores, costs={}, failures={})


@pytest.mark.parametrize(("name", "least"), [("seven-bits", 0.2), ("sigma-15", 3.0)])
def test_worse_weights_are_found(judge: Judge, name: str, least: float) -> None:
    comparison = judge(name)
    [finding] = comparison.findings
    assert (finding.verdict, finding.n, comparison.exit_code()) == (Verdict.REGRESSED, 12, 1)
    assert finding.difference is not None
    assert finding.difference < -least
    worst = finding.worst[0]
    assert finding.worst_image == min(finding.worst, key=lambda changed: changed.difference).image
    assert worst.difference < finding.difference, "the worst image lost more than the mean"
    assert worst.restored_before is not None
    assert worst.restored_before.is_file()


def test_half_precision_weights_are_within_the_tolerance(judge: Judge) -> None:
    # 0.002 dB: the change is seen and its worst image named, and nobody is woken for it
    comparison = judge("half")
    [finding] = comparison.findings
    assert (finding.verdict, comparison.exit_code()) == (Verdict.SAME, 0)
    assert finding.difference is not None
    assert 0 < abs(finding.difference) < 0.02
    assert finding.worst_image == finding.worst[0].image


def test_the_original_is_equal(judge: Judge) -> None:
    assert [finding.verdict for finding in judge("original").findings] == [Verdict.EQUAL]
