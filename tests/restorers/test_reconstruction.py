"""Demosaicking, deblurring with a known kernel, inpainting: oracles, and gains on a photograph."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.degradations.blur import GaussianBlur
from benchmarks.degradations.missing import MissingPixels
from benchmarks.degradations.mosaic import BayerMosaic
from benchmarks.sources import Photos
from harness.conditions import CFAS, Conditions, conditions_of
from harness.images import Image
from harness.metrics.psnr import PSNR
from harness.protocols import Restorer
from harness.restoring.adaptation import restore_image

Build = Callable[[str], Restorer]


@pytest.fixture
def photo() -> Image:
    return Photos(128).read("coffee")


def psnr(restored: Image, reference: Image) -> float:
    return PSNR()(np.clip(restored, 0, 1), reference).value


DEMOSAICKERS = [("demosaic-bilinear", 28.0), ("demosaic-malvar", 31.5), ("demosaicnet", 35.0)]


@pytest.mark.parametrize("cfa", CFAS)
@pytest.mark.parametrize(("name", "least"), DEMOSAICKERS)
def test_demosaicking_knows_every_pattern(
    build: Build, photo: Image, generator: np.random.Generator, cfa: str, name: str, least: float
) -> None:
    mosaic = BayerMosaic(cfa)(photo, generator)
    assert psnr(restore_image(build(name), mosaic, Conditions(cfa=cfa)), photo) > least


@pytest.mark.parametrize(("name", "_"), DEMOSAICKERS)
@pytest.mark.parametrize("shape", [(37, 54), (64, 33), (6, 5)])
def test_a_flat_image_is_restored_at_any_size(
    build: Build, generator: np.random.Generator, name: str, _: float, shape: tuple[int, int]
) -> None:
    grey = np.full((3, *shape), 0.4, np.float32)
    mosaic = BayerMosaic("GBRG")(grey, generator)
    restored = restore_image(build(name), mosaic, Conditions(cfa="GBRG"))
    assert np.abs(restored - grey).max() < (0.02 if name == "demosaicnet" else 1e-6)


def test_malvar_is_exact_on_a_ramp(build: Build, generator: np.random.Generator) -> None:
    # the filters were made so: a grey linear ramp stays, away from the mirrored border
    plane = np.add.outer(np.linspace(0.1, 0.4, 20), np.linspace(0.1, 0.5, 24))
    ramp = plane.astype(np.float32)[None].repeat(3, 0)
    mosaic = BayerMosaic("RGGB")(ramp, generator)
    restored = restore_image(build("demosaic-malvar"), mosaic, Conditions(cfa="RGGB"))
    assert np.abs(restored - ramp)[:, 2:-2, 2:-2].max() < 1e-5


@pytest.mark.parametrize(("name", "gain"), [("wiener", 2.0), ("richardson-lucy", 2.0)])
def test_a_known_kernel_is_undone(
    build: Build, photo: Image, generator: np.random.Generator, name: str, gain: float
) -> None:
    blur = GaussianBlur(1.6)
    blurred = blur(photo, generator)
    restored = restore_image(build(name), blurred, conditions_of(blur))
    assert psnr(restored, photo) > psnr(blurred, photo) + gain


@pytest.mark.parametrize("name", ["wiener", "richardson-lucy"])
def test_a_kernel_that_is_a_point_changes_nothing(build: Build, photo: Image, name: str) -> None:
    point = ((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0))
    restored = restore_image(build(name), photo, Conditions(kernel=point))
    assert psnr(restored, photo) > 40


def test_a_shifting_kernel_is_shifted_back(build: Build, photo: Image) -> None:
    # a kernel that is taken the wrong way round would shift twice
    moved = np.roll(photo, (0, 1), axis=(1, 2))
    kernel = ((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, 0.0))
    for name in ("wiener", "richardson-lucy"):
        restored = restore_image(build(name), moved, Conditions(kernel=kernel))
        assert psnr(restored[:, 8:-8, 8:-8], photo[:, 8:-8, 8:-8]) > 35


@pytest.mark.parametrize("channels", [1, 3])
def test_missing_pixels_are_filled_and_known_ones_kept(
    build: Build, photo: Image, generator: np.random.Generator, channels: int
) -> None:
    part = photo[:channels, :64, :64]
    degraded, conditions = MissingPixels(0.1).degrade(part, generator)
    restored = restore_image(build("biharmonic"), degraded, conditions)
    assert conditions.mask is not None
    assert np.array_equal(restored[:, ~conditions.mask], degraded[:, ~conditions.mask])
    assert psnr(restored, part) > psnr(degraded, part) + 12
