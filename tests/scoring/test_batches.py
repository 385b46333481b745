"""Metrics that take batches: within the tolerance of what they say alone, or else alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import batching
import numpy as np
import pytest
from misbehaving import TinySet

import harness
from benchmarks.sources import Photos
from harness.dri.metric import TILE, Dri
from harness.images import quantise
from harness.plugins.kinds import image_metric, metrics
from harness.protocols import BatchMetric, Benchmark, Evaluation
from harness.scoring import evaluation
from harness.scoring.evaluation import TOLERANCE, Views, score_batch, score_views

OFFLINE = ("fsim", "gmsd", "vsi", "piqe", "cw_ssim", "mad", "nlpd", "vif", "entropy", "ms_ssim")
"""Metrics of pyiqa that need no weights, those left out that are ours as well."""


@pytest.fixture(autouse=True)
def mean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The metric that notes its batches, in this process alone; nothing is known of any metric."""
    monkeypatch.setattr(evaluation, "_agrees", {})
    monkeypatch.setattr(batching.Mean, "given", [])
    monkeypatch.setitem(metrics._added, "batch-mean", batching.Mean)
    evaluation.build_metric.cache_clear()
    yield
    evaluation.build_metric.cache_clear()


def views(side: int, count: int = 3) -> list[Views]:
    """Noisy parts of photographs, and what they were."""
    generator, rules = np.random.default_rng(0), Evaluation("rgb")
    found = []
    for name in Photos().ids()[:count]:
        clean = Photos().read(name)[:, :side, :side]
        noisy = clean + generator.normal(0, 0.05, clean.shape).astype(np.float32)
        found.append(Views(quantise(noisy), clean, rules))
    return found


def alike(name: str, several: list[Views]) -> bool:
    """Whether a batch was scored, and each value is within the tolerance of that alone."""
    together = score_batch(name, "cpu", several)
    alone = [score_views(name, "cpu", one) for one in several]
    assert all(not isinstance(one, str) for one in alone)
    for one, other in zip(together, alone, strict=False):
        assert not isinstance(other, str)
        assert one.value == pytest.approx(other.value, rel=TOLERANCE, abs=TOLERANCE)
        assert (one.spread or 0) == pytest.approx(other.spread or 0, rel=TOLERANCE, abs=TOLERANCE)
    return len(together) == len(several)


def test_the_scorer_takes_batches() -> None:
    assert isinstance(Dri(), BatchMetric)
    assert alike("dri", views(96))


def test_the_scorer_takes_batches_of_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.dri.metric.TILE", TILE // 8)
    assert alike("dri", views(100, 2))


@pytest.mark.parametrize("name", OFFLINE)
def test_what_pyiqa_says_of_a_batch_is_what_it_says_of_each(name: str) -> None:
    assert alike(f"pyiqa-{name}", views(192))


def evaluate(out: Path, batch: int) -> harness.Result:
    tiny = TinySet(images=tuple("abcdef"))
    benchmark = Benchmark("test", "", (tiny,), ("batch-mean", "psnr"), Evaluation("rgb"))
    restorer = batching.Batched(marks="nowhere")
    return harness.evaluate(restorer, benchmark, out=out, batch=batch)


def values(result: harness.Result) -> list[float]:
    return [float(value) for value in result.scores().sort_values(["metric", "image"])["value"]]


def test_a_run_scores_images_of_one_size_together(tmp_path: Path) -> None:
    alone = values(evaluate(tmp_path / "alone", 1))
    assert batching.Mean.given == [1] * 6
    batching.Mean.given.clear()
    together = values(evaluate(tmp_path / "together", 6))
    assert batching.Mean.given == [6, 1], "and the last one alone, to compare"
    assert together == alone
    assert len(alone) == 12


@pytest.mark.parametrize("wrong", ["raises", "mixes", "nan", "too few"])
def test_a_batch_that_goes_wrong_is_scored_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    alone = values(evaluate(tmp_path / "alone", 1))
    monkeypatch.setattr(batching.Mean, "wrong", wrong)
    assert values(evaluate(tmp_path / "together", 6)) == alone


def test_a_metric_that_fails_is_a_failure_of_each_and_of_no_other_metric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching.Mean, "wrong", "always")
    result = evaluate(tmp_path / "run", 6)
    assert list(result.failures()["metric"]) == ["batch-mean"] * 6
    assert {*result.failures()["message"]} == {"ValueError: not this one"}
    assert {*result.scores()["metric"]} == {"psnr"}


def test_which_metrics_take_batches_is_known_without_building_them() -> None:
    taking = {name for name in metrics if hasattr(image_metric(name), "measure_batch")}
    assert {"dri", "pyiqa-lpips", "batch-mean"} <= taking
    assert not {"psnr", "ssim", "niqe"} & taking
