"""Published values of metrics, with their source."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.images import read_image
from harness.metrics.niqe import NIQE


def test_niqe_of_baboon(data: Path) -> None:
    # MATLAB R2021a gives 5.7296 (basicsr's docstring of calculate_niqe; protocols.md I)
    assert NIQE()(read_image(data / "sets/set14/HR/baboon.png")).value == pytest.approx(5.7296, abs=5e-5)
