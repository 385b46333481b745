"""Published values of metrics, with their source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.images import crop_border, crop_to_multiple, imresize, quantise, read_image
from harness.metrics.niqe import NIQE
from harness.metrics.psnr import PSNRY
from harness.metrics.ssim import SSIMY

# The bicubic row of SRCNN-era tables on Set5, PSNR and SSIM of Y (protocols.md B)
SET5_BICUBIC = {2: (33.66, 0.9299), 3: (30.39, 0.8682), 4: (28.42, 0.8104)}


def folder(data: Path, name: str) -> Path:
    """A folder of the shared data, or a skip that names it."""
    path = data / name
    if not path.is_dir():
        pytest.skip(f"{path} is not here")
    return path


def test_niqe_of_baboon(data: Path) -> None:
    # MATLAB R2021a gives 5.7296 (basicsr's docstring of calculate_niqe; protocols.md I)
    baboon = read_image(folder(data, "sets/set14/HR") / "baboon.png")
    assert NIQE()(baboon).value == pytest.approx(5.7296, abs=5e-5)


@pytest.mark.parametrize("scale", SET5_BICUBIC)
def test_bicubic_on_set5(data: Path, scale: int) -> None:
    scores = []
    for path in sorted(folder(data, "sets/set5/HR").iterdir()):
        reference = crop_to_multiple(read_image(path, mode="grey"), scale)
        degraded = imresize(reference, 1 / scale, rounding="none")
        restored = quantise(imresize(degraded, scale, rounding="none"))
        pair = crop_border(restored, scale), crop_border(reference, scale)
        scores.append((PSNRY()(*pair).value, SSIMY()(*pair).value))
    psnr, ssim = np.mean(scores, axis=0)
    assert psnr == pytest.approx(SET5_BICUBIC[scale][0], abs=5e-3)
    assert ssim == pytest.approx(SET5_BICUBIC[scale][1], abs=5e-5)
