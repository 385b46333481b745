"""The protocols of docs/protocols.md, from set to score, against published or public figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.evaluations import EVALUATIONS
from harness.adaptation import restore_image
from harness.evaluation import prepare
from harness.images import image_hash
from harness.metrics.psnr import PSNR, PSNRY
from harness.metrics.ssim import SSIM, SSIMY
from harness.plugins import resolve_set
from harness.protocols import DegradedSet, Metric, Restorer, iterate
from restorers.identity import Identity
from restorers.interpolation import Bicubic


@pytest.fixture(autouse=True)
def _needs_data(data: Path) -> None:
    """Every test here reads the shared data."""


def here(name: str) -> DegradedSet:
    """A known set, or a skip that says which folder is missing."""
    degraded_set = resolve_set(name)
    reason = degraded_set.absent()
    if reason:
        pytest.skip(reason)
    return degraded_set


def means(degraded_set: DegradedSet, restorer: Restorer, evaluation: str, *metrics: Metric) -> list[float]:
    """Mean of each metric over a set, as a run computes it."""

    def values() -> Iterator[list[float]]:
        for sample in iterate(degraded_set):
            restored = restore_image(restorer, sample.degraded, degraded_set.conditions)
            scale = degraded_set.conditions.scale
            yield [
                metric(*prepare(restored, sample.reference, metric.card, EVALUATIONS[evaluation], scale)).value
                for metric in metrics
            ]

    return [float(mean) for mean in np.mean(list(values()), axis=0)]


@pytest.mark.parametrize("folder", ["set5", "set14"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_imresize_makes_the_public_low_resolution_images(folder: str, scale: int) -> None:
    # the public LR was made by MATLAB: not one pixel differs (protocol A)
    from benchmarks.degradations.resize import MatlabBicubic

    public = here(f"{folder}-x{scale}")
    for sample in iterate(public):
        assert sample.reference is not None
        own = MatlabBicubic(scale)(sample.reference, np.random.default_rng(0))
        assert image_hash(own) == image_hash(sample.degraded), sample.id


# The bicubic row of SRCNN-era tables (Dong et al., ECCV 2014): PSNR and SSIM of rounded Y
@pytest.mark.parametrize(("scale", "psnr", "ssim"), [(2, 33.66, 0.9299), (3, 30.39, 0.8682), (4, 28.42, 0.8104)])
def test_b_bicubic_on_set5(scale: int, psnr: float, ssim: float) -> None:
    measured = means(here(f"set5-y-x{scale}"), Bicubic(), "sr-y-classic", PSNRY(), SSIMY())
    assert measured[0] == pytest.approx(psnr, abs=5e-3)
    assert measured[1] == pytest.approx(ssim, abs=5e-5)


# PSNR of the noisy images before any rounding (protocol E; recomputed from the public images)
NOISY = {"set12": {15: 24.6385, 25: 20.2015, 50: 14.1809}, "bsd68": {15: 24.6310, 25: 20.1940, 50: 14.1734}}


@pytest.mark.parametrize("folder", NOISY)
@pytest.mark.parametrize("sigma_255", [15, 25, 50])
def test_e_noise_of_the_literature(folder: str, sigma_255: int) -> None:
    values = []
    for sample in iterate(here(f"{folder}-sigma{sigma_255}")):
        assert sample.reference is not None
        error = sample.degraded.astype(np.float64) - sample.reference
        values.append(-10 * np.log10(np.mean(error**2)))
    assert np.mean(values) == pytest.approx(NOISY[folder][sigma_255], abs=5e-5)


def test_e_identity_is_clipped() -> None:
    assert means(here("bsd68-sigma25"), Identity(), "awgn", PSNR())[0] == pytest.approx(20.498, abs=5e-4)


# Measured with Pillow 13 and libjpeg-turbo 3.2 (protocol F); other builds may differ in the last digit
@pytest.mark.parametrize(
    ("quality", "psnr", "ssim"),
    [(10, 27.8211, 0.7595), (20, 30.1233, 0.8344), (30, 31.4840, 0.8666), (40, 32.4284, 0.8849)],
)
def test_f_jpeg_images_of_classic5(quality: int, psnr: float, ssim: float) -> None:
    measured = means(here(f"classic5-q{quality}"), Identity(), "jpeg-y", PSNR(), SSIM())
    assert measured[0] == pytest.approx(psnr, abs=2e-2)
    assert measured[1] == pytest.approx(ssim, abs=5e-4)
