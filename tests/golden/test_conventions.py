"""docs/conventions.md from set to score, against published or public figures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.evaluations import EVALUATIONS
from harness.catalogue import find_set
from harness.images import image_hash
from harness.metrics.psnr import PSNR, PSNRY
from harness.metrics.ssim import SSIM, SSIMY
from harness.protocols import DegradedSet, Metric, Restorer, iterate
from harness.restoring.adaptation import restore_image
from harness.scoring.evaluation import prepare
from restorers.identity import Identity
from restorers.interpolation import Bicubic


@pytest.fixture(autouse=True)
def _needs_data(data: Path) -> None:
    """Every test here reads the shared data."""


def here(name: str) -> DegradedSet:
    """A known set, or a skip that says which folder is missing."""
    degraded_set = find_set(name)
    reason = degraded_set.absent()
    if reason:
        pytest.skip(reason)
    return degraded_set


def means(
    degraded_set: DegradedSet, restorer: Restorer, evaluation: str, *metrics: Metric
) -> list[float]:
    """Mean of each metric over a set, as a run computes it."""
    rules, conditions = EVALUATIONS[evaluation], degraded_set.conditions

    def values() -> Iterator[list[float]]:
        for sample in iterate(degraded_set):
            pair = restore_image(restorer, sample.degraded, conditions), sample.reference
            seen = [prepare(*pair, metric.card, rules, conditions.scale) for metric in metrics]
            yield [metric(*images).value for metric, images in zip(metrics, seen, strict=True)]

    return [float(mean) for mean in np.mean(list(values()), axis=0)]


@pytest.mark.parametrize("folder", ["set5", "set14"])
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_imresize_makes_the_public_low_resolution_images(folder: str, scale: int) -> None:
    # the public LR was made by MATLAB: not one pixel differs (convention A)
    from benchmarks.degradations.resize import MatlabBicubic

    public = here(f"{folder}-x{scale}")
    for sample in iterate(public):
        assert sample.reference is not None
        own = MatlabBicubic(scale)(sample.reference, np.random.default_rng(0))
        assert image_hash(own) == image_hash(sample.degraded), sample.id


# The bicubic row of SRCNN-era tables (Dong et al., ECCV 2014): PSNR and SSIM of rounded Y
@pytest.mark.parametrize(
    ("scale", "psnr", "ssim"), [(2, 33.66, 0.9299), (3, 30.39, 0.8682), (4, 28.42, 0.8104)]
)
def test_b_bicubic_on_set5(scale: int, psnr: float, ssim: float) -> None:
    measured = means(here(f"set5-y-x{scale}"), Bicubic(), "sr-y-classic", PSNRY(), SSIMY())
    assert measured[0] == pytest.approx(psnr, abs=5e-3)
    assert measured[1] == pytest.approx(ssim, abs=5e-5)


# The bicubic row of SRCNN's journal version (Dong, Loy, He, Tang, IEEE TPAMI 2016, table 3)
@pytest.mark.parametrize(
    ("scale", "psnr", "ssim"), [(2, 30.23, 0.8687), (3, 27.54, 0.7736), (4, 26.00, 0.7019)]
)
def test_b_bicubic_on_set14(scale: int, psnr: float, ssim: float) -> None:
    measured = means(here(f"set14-y-x{scale}"), Bicubic(), "sr-y-classic", PSNRY(), SSIMY())
    assert measured[0] == pytest.approx(psnr, abs=5e-3)
    assert measured[1] == pytest.approx(ssim, abs=6e-5)


# The bicubic rows of VDSR (Kim, Lee, Lee, CVPR 2016) and RCAN (Zhang et al., ECCV 2018); the
# folders were not at hand when this was written, so that the tolerance is that of tables whose
# convention is not known to the last digit
BICUBIC = {
    "bsd100": {2: (29.56, 0.8431), 3: (27.21, 0.7385), 4: (25.96, 0.6675)},
    "urban100": {2: (26.88, 0.8403), 3: (24.46, 0.7349), 4: (23.14, 0.6577)},
    "manga109": {2: (30.80, 0.9339), 3: (26.95, 0.8556), 4: (24.89, 0.7866)},
}


@pytest.mark.parametrize("folder", BICUBIC)
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_b_bicubic_on_the_larger_sets(folder: str, scale: int) -> None:
    measured = means(here(f"{folder}-y-x{scale}"), Bicubic(), "sr-y-classic", PSNRY(), SSIMY())
    assert measured[0] == pytest.approx(BICUBIC[folder][scale][0], abs=3e-2)
    assert measured[1] == pytest.approx(BICUBIC[folder][scale][1], abs=2e-3)


# PSNR of the noisy images before any rounding (convention E; recomputed from the public images)
NOISY = {
    "set12": {15: 24.6385, 25: 20.2015, 50: 14.1809},
    "bsd68": {15: 24.6310, 25: 20.1940, 50: 14.1734},
    "cbsd68": {15: 24.6188, 25: 20.1818, 50: 14.1612},
}


def noise_psnr(sigma_255: int, *shape: int) -> float:
    """PSNR of convention E's noise alone: a second implementation, which knows only the size."""
    noise = np.random.RandomState(0).randn(*shape) * sigma_255 / 255
    return float(-10 * np.log10(np.mean(noise**2)))


def test_e_noise_of_cbsd68_from_its_size_alone() -> None:
    # all 68 images are 481 x 321 or 321 x 481, and RandomState(0) draws the same numbers for both
    for sigma_255, psnr in NOISY["cbsd68"].items():
        assert noise_psnr(sigma_255, 321, 481, 3) == pytest.approx(psnr, abs=5e-5)


# (H, W) of the images: Kodak24 is 768 x 512 or 512 x 768, McMaster 500 x 500
@pytest.mark.parametrize(
    ("folder", "height", "width"), [("kodak24", 512, 768), ("mcmaster", 500, 500)]
)
def test_e_noise_of_the_colour_sets(folder: str, height: int, width: int) -> None:
    noisy = here(f"{folder}-sigma25")
    expected = pytest.approx(noise_psnr(25, height, width, 3), abs=5e-5)
    for id in noisy.ids()[:4]:
        sample = noisy.sample(id)
        assert sample.reference is not None
        error = sample.degraded.astype(np.float64) - sample.reference
        assert -10 * np.log10(np.mean(error**2)) == expected


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
    [psnr] = means(here("bsd68-sigma25"), Identity(), "awgn", PSNR())
    assert psnr == pytest.approx(20.498, abs=5e-4)


# Measured with Pillow 13 and libjpeg-turbo 3.2 (convention F); the last digit may differ elsewhere
@pytest.mark.parametrize(
    ("quality", "psnr", "ssim"),
    [(10, 27.8211, 0.7595), (20, 30.1233, 0.8344), (30, 31.4840, 0.8666), (40, 32.4284, 0.8849)],
)
def test_f_jpeg_images_of_classic5(quality: int, psnr: float, ssim: float) -> None:
    measured = means(here(f"classic5-q{quality}"), Identity(), "jpeg-y", PSNR(), SSIM())
    assert measured[0] == pytest.approx(psnr, abs=2e-2)
    assert measured[1] == pytest.approx(ssim, abs=5e-4)


@pytest.mark.parametrize(
    ("quality", "psnr", "ssim"), [(10, 27.7698, 0.7730), (20, 30.0720, 0.8512)]
)
def test_f_jpeg_images_of_live1(quality: int, psnr: float, ssim: float) -> None:
    measured = means(here(f"live1-q{quality}"), Identity(), "jpeg-y", PSNR(), SSIM())
    assert measured[0] == pytest.approx(psnr, abs=2e-2)
    assert measured[1] == pytest.approx(ssim, abs=5e-4)


# What a stored score or baseline says of its evaluation: a change makes older results incomparable
HASHES = {
    "sr-y-classic": "593ea69c8eaa",
    "sr-y": "563c9b102ba6",
    "sr-rgb": "563c9b102ba6",
    "ntire-esr": "563c9b102ba6",
    "pirm-pi": "c8fc20174989",
    "awgn": "eb4c151d0a1b",
    "awgn-clipped": "eb4c151d0a1b",
    "jpeg-y": "eb4c151d0a1b",
    "rgb": "eb4c151d0a1b",
}


def test_the_hashes_of_the_named_evaluations_do_not_change() -> None:
    assert {name: item.hash() for name, item in EVALUATIONS.items()} == HASHES
