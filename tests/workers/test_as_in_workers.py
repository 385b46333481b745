"""Scores do not depend on what the user of this process has told torch and numpy."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import harness
from benchmarks.sources import Photos
from harness.scoring.evaluation import build_metric
from harness.workers.as_in_workers import as_in_workers

METRICS = ["psnr", "ssim", "dri", "niqe", "blur-effect", "ms-ssim"]
PART: Any = {"sets": ["photos-sigma25"], "metrics": METRICS, "limit": 1}


@contextmanager
def _default_dtype(kind: torch.dtype) -> Iterator[None]:
    torch.set_default_dtype(kind)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def _low_precision() -> Iterator[None]:
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision("highest")


CONTEXTS: dict[str, Callable[[], Any]] = {
    "torch.autocast('cpu', bfloat16)": lambda: torch.autocast("cpu", torch.bfloat16),
    "torch.set_default_dtype(float64)": lambda: _default_dtype(torch.float64),
    "torch.set_default_dtype(bfloat16)": lambda: _default_dtype(torch.bfloat16),
    "torch.device('meta')": lambda: torch.device("meta"),
    "torch.inference_mode()": torch.inference_mode,
    "torch.set_float32_matmul_precision('medium')": _low_precision,
    "numpy.seterr(all='raise')": lambda: np.errstate(all="raise"),
    "torch.autograd.set_detect_anomaly(True)": lambda: torch.autograd.set_detect_anomaly(True),
}


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 3, 3, padding=1))


def _evaluated(network: nn.Module) -> list[tuple[object, ...]]:
    result = harness.evaluate(network, "quickstart", **PART)
    assert result.failures().empty, result.failures()["message"].tolist()
    frame = result.scores()
    return list(frame[["metric", "value", "spread"]].itertuples(index=False, name=None))


def _scored(_: nn.Module) -> list[tuple[object, ...]]:
    photo = Photos(192).read("coffee")
    frame = harness.score(0.9 * photo, METRICS, reference=photo)
    assert frame["error"].isna().all()
    return list(frame[["metric", "value", "spread"]].itertuples(index=False, name=None))


def _validated(network: nn.Module) -> list[tuple[object, ...]]:
    images = {"sets": PART["sets"], "metrics": METRICS, "images": 1}
    with pytest.warns(UserWarning, match="fewer than 6 images"):
        found = harness.Validator("quickstart", **images)(network, 0)
    assert found is not None
    assert found.failures == 0
    return sorted(found.means.items())


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("way", [_evaluated, _scored, _validated])
def test_scores_are_the_same_whatever_torch_and_numpy_are_told(
    network: nn.Module, way: Callable[[nn.Module], list[tuple[object, ...]]], context: str
) -> None:
    build_metric.cache_clear()
    wanted = repr(way(network))
    build_metric.cache_clear()  # nor do metrics keep what they were built in
    with CONTEXTS[context]():
        assert repr(way(network)) == wanted
    assert repr(way(network)) == wanted
    build_metric.cache_clear()


def test_what_was_told_is_put_back_after_an_error() -> None:
    with (
        _default_dtype(torch.float64),
        _low_precision(),
        torch.autocast("cpu", torch.bfloat16),
        torch.device("meta"),
        np.errstate(all="raise"),
    ):
        with pytest.raises(KeyboardInterrupt), as_in_workers():
            assert torch.zeros(1).dtype == torch.float32
            assert torch.zeros(1).device.type == "cpu"
            assert not torch.is_autocast_enabled("cpu")
            assert torch.get_float32_matmul_precision() == "highest"
            assert np.geterr()["invalid"] == "warn"
            raise KeyboardInterrupt
        assert torch.zeros(1).dtype == torch.float64
        assert torch.zeros(1).device.type == "meta"
        assert torch.is_autocast_enabled("cpu")
        assert torch.get_float32_matmul_precision() == "medium"
        assert set(np.geterr().values()) == {"raise"}


def test_threads_that_score_at_once_leave_the_number_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with as_in_workers():
            inside.set()
            leave.wait(30)

    def second() -> None:
        with as_in_workers():
            seen.append((torch.get_num_threads(), os.environ.get("OMP_NUM_THREADS")))

    seen: list[tuple[int, str | None]] = []
    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(30)
    threads[1].start()
    leave.set()
    for thread in threads:
        thread.join(30)
    try:
        assert seen == [(1, "1")]
        assert torch.get_num_threads() == 3
        assert "OMP_NUM_THREADS" not in os.environ
    finally:
        torch.set_num_threads(before)
