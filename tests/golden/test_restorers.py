"""Published figures of restorers, through the adapters a user would reach them by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.evaluations import EVALUATIONS
from harness.adaptation import restore_image
from harness.evaluation import prepare
from harness.metrics.psnr import PSNR, PSNRY
from harness.plugins import parse_restorer, resolve_set
from harness.protocols import Metric, iterate


def mean(weights: Path, set_name: str, evaluation: str, metric: Metric) -> float:
    """Mean score of a weight file over a known set; skips when either is not here."""
    degraded_set = resolve_set(set_name)
    reason = degraded_set.absent() or (None if weights.is_file() else f"{weights} does not exist")
    if reason:
        pytest.skip(reason)
    restorer = parse_restorer(str(weights)).build()
    scale = degraded_set.conditions.scale
    values = []
    for sample in iterate(degraded_set):
        restored = restore_image(restorer, sample.degraded, degraded_set.conditions)
        seen = prepare(restored, sample.reference, metric.card, EVALUATIONS[evaluation], scale)
        values.append(metric(*seen).value)
    return float(np.mean(values))


# DnCNN, sigma 25: 30.43 and 29.23 dB in table 2 and 3 of Zhang et al., IEEE TIP 2017, and cszn/KAIR
@pytest.mark.parametrize(("folder", "psnr"), [("set12", 30.43), ("bsd68", 29.23)])
def test_dncnn_through_spandrel(data: Path, folder: str, psnr: float) -> None:
    assert mean(data / "weights/dncnn_25.pth", f"{folder}-sigma25", "awgn", PSNR()) == pytest.approx(psnr, abs=6e-3)


def test_dncnn_through_onnx(data: Path) -> None:
    pytest.importorskip("onnxruntime")
    assert mean(data / "weights/dncnn_25_gray.onnx", "set12-sigma25", "awgn", PSNR()) == pytest.approx(30.43, abs=6e-3)


# RLFN (x2 38.066, x4 32.238) has its own architecture: tests/examples/test_third_party_plugin.py
# DCTLSA on Set5: measured on the public LR by the data folder's README (zengkun301/DCTLSA)
@pytest.mark.parametrize(
    ("file", "set_name", "psnr"),
    [("X2.pt", "set5-x2", 38.246), ("X3.pt", "set5-x3", 34.697), ("X4.pt", "set5-x4", 32.523)],
)
def test_dctlsa_through_spandrel(data: Path, file: str, set_name: str, psnr: float) -> None:
    assert mean(data / "weights/dctlsa" / file, set_name, "sr-y", PSNRY()) == pytest.approx(psnr, abs=5e-4)
