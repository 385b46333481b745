"""Metrics at their limits: strips, constants, images that are too large, and other devices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from harness.errors import ImageError
from harness.metrics.ms_ssim import MSSSIM
from harness.metrics.psnr import PSNR
from harness.metrics.ssim import C1, SSIM, STRIP
from harness.plugins.kinds import metrics
from harness.protocols import Evaluation
from harness.scoring.evaluation import prepare


@pytest.mark.parametrize(
    "height", [11, STRIP + 9, STRIP + 10, STRIP + 11, 2 * STRIP + 10, 2 * STRIP + 57]
)
def test_strips_leave_no_seam(height: int, generator: np.random.Generator) -> None:
    x, y = generator.random((2, 1, height, 30), dtype=np.float32)
    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    exact = (x[0].astype(float), y[0].astype(float))
    _, full = structural_similarity(*exact, data_range=1, full=True, **window)
    assert SSIM()(x, y).value == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-12)
    expected = -10 * np.log10(np.mean((x.astype(float) - y) ** 2))
    assert PSNR()(x, y).value == pytest.approx(expected, abs=1e-9)


def test_constant_images_have_the_values_of_the_formulas() -> None:
    x, y = (np.full((3, 180, 180), value, np.float32) for value in (0.25, 0.75))
    luminance = (2 * 0.25 * 0.75 + C1) / (0.25**2 + 0.75**2 + C1)
    assert PSNR()(x, y).value == pytest.approx(-10 * np.log10(0.25))
    assert SSIM()(x, y).value == pytest.approx(luminance)
    assert MSSSIM()(x, y).value == pytest.approx(luminance**0.1333)


def test_a_single_pixel_has_a_psnr() -> None:
    black, grey = np.zeros((3, 1, 1), np.float32), np.full((3, 1, 1), 0.1, np.float32)
    assert PSNR()(grey, black).value == pytest.approx(20, abs=1e-5)


def test_what_takes_images_whole_refuses_those_that_fill_the_memory() -> None:
    image = np.zeros((3, 20, 20), np.float32)
    card = replace(metrics.get("niqe").card, max_pixels=399)
    message = r"niqe takes images whole, of at most 399 pixels; this one has 400"
    with pytest.raises(ImageError, match=message):
        prepare(image, None, card, Evaluation("test"), scale=1)
    larger = replace(card, max_pixels=400)
    assert prepare(image, None, larger, Evaluation("test"), scale=1)[0].shape == (3, 20, 20)


def test_who_takes_any_size_and_who_does_not() -> None:
    limits = {name: metrics.get(name).card.max_pixels for name in metrics}
    boundless = {name for name, limit in limits.items() if limit is None}
    known = {"brisque", "dri", "dri-stated-terms", "ms-ssim", "psnr", "psnr-y", "ssim", "ssim-y"}
    assert {name for name in boundless if not name.startswith("pyiqa-")} == known & limits.keys()
    assert {limit for name, limit in limits.items() if name.startswith("pyiqa-")} == {2**25}


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("psnr", 0.0),
        ("ssim", 0.0),
        ("ms-ssim", 0.0),
        ("pyiqa-fsim", 1e-4),
        ("pyiqa-gmsd", 1e-4),
        ("dri", 0.05),
    ],
)
def test_the_other_device_agrees(
    name: str, tolerance: float, generator: np.random.Generator
) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device here")
    reference = generator.random((3, 192, 192), dtype=np.float32)
    noise = generator.normal(0, 0.05, reference.shape)
    restored = np.clip(reference + noise, 0, 1).astype(np.float32)
    values = []
    for device in ("cpu", "cuda:0"):
        metric = metrics.get(name)(device=device)  # type: ignore[call-arg]
        seen = prepare(restored, reference, metric.card, Evaluation("test"), scale=1)
        values.append(metric(*seen).value)
    assert abs(values[0] - values[1]) <= tolerance
