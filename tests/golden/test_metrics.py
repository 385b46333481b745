"""Published values of metrics, with their source."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.images import read_image
from harness.metrics.niqe import NIQE


def folder(data: Path, name: str) -> Path:
    """A folder of the shared data, or a skip that names it."""
    path = data / name
    if not path.is_dir():
        pytest.skip(f"{path} is not here")
    return path


def test_niqe_of_baboon(data: Path) -> None:
    # MATLAB R2021a gives 5.7296 (basicsr's docstring of calculate_niqe; conventions.md I)
    baboon = read_image(folder(data, "sets/set14/HR") / "baboon.png")
    assert NIQE()(baboon).value == pytest.approx(5.7296, abs=5e-5)
