"""Stage 3: raw scores become points."""

from __future__ import annotations

import pytest
import torch
from small_training import fresh

from harness.dri.training.stage3_calibration import Fitted, fit_calibration


def test_calibration_maps_raw_scores_to_points() -> None:
    network = fresh()
    raw = torch.linspace(0, 1, 50)
    errors = torch.tensor([-4.0, 4.0]).repeat(25)
    fit_calibration(network, Fitted(raw, torch.full((50,), 0.1)), 20 + 60 * raw + errors)
    offset, slope, spread = network.calibration.tolist()
    assert offset == pytest.approx(20, abs=0.6)
    assert slope == pytest.approx(60, abs=1)
    assert 0.1 * spread == pytest.approx(4, abs=0.1), "the spread is as large as the error"
