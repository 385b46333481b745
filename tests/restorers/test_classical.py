"""Classical restorers: they do what their name says, on photographs, at any size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from harness.catalogue import find_set
from harness.images import Image
from harness.metrics.psnr import PSNR
from harness.protocols import Conditions, Restorer
from harness.restoring.adaptation import restore_image

Build = Callable[[str], Restorer]

DENOISERS = ["nl-means", "tv", "wavelet", "bilateral"]
INTERPOLATORS = ["nearest", "bicubic", "lanczos"]


def gain(restorer: Restorer, set_name: str) -> float:
    """By how many dB a restorer betters the degraded image of one photograph."""
    degraded_set = find_set(set_name)
    sample = degraded_set.sample("coffee")
    assert sample.reference is not None
    restored = restore_image(restorer, sample.degraded, degraded_set.conditions)
    images = (np.clip(image, 0, 1) for image in (sample.degraded, restored))
    before, after = (PSNR()(image, sample.reference).value for image in images)
    return after - before


@pytest.mark.parametrize("name", [*DENOISERS, "bm3d"])
def test_denoisers_denoise(build: Build, name: str) -> None:
    assert gain(build(name), "photos-sigma25") > 4


@pytest.mark.parametrize("name", DENOISERS)
def test_denoisers_that_are_not_told_how_noisy_it_is(build: Build, name: str) -> None:
    sample = find_set("photos-sigma25").sample("coffee")
    assert sample.reference is not None
    restored = restore_image(build(name), sample.degraded, Conditions())
    assert PSNR()(restored, sample.reference).value > 24


def test_the_right_bicubic_beats_nearest(build: Build) -> None:
    degraded_set = find_set("photos-x2")
    sample = degraded_set.sample("chelsea")
    assert sample.reference is not None
    psnr = {}
    for name in INTERPOLATORS:
        restored = restore_image(build(name), sample.degraded, degraded_set.conditions)
        psnr[name] = PSNR()(restored, sample.reference).value
    assert psnr["nearest"] + 1 < psnr["bicubic"]
    assert psnr["nearest"] + 1 < psnr["lanczos"]


def test_nearest_repeats_pixels(build: Build, generator: np.random.Generator) -> None:
    image = generator.random((3, 5, 7), dtype=np.float32)
    restored = build("nearest").restore(image, Conditions(scale=3))
    assert np.array_equal(restored, image.repeat(3, 1).repeat(3, 2))


def test_identity_is_the_identity(build: Build, generator: np.random.Generator) -> None:
    image = generator.random((3, 5, 7), dtype=np.float32)
    assert np.array_equal(build("identity").restore(image, Conditions()), image)


@pytest.mark.parametrize("name", ["identity", *DENOISERS, *INTERPOLATORS])
@pytest.mark.parametrize("shape", [(3, 33, 17), (1, 17, 33), (3, 9, 9), (1, 8, 64)])
def test_any_size_grey_and_colour(
    build: Build, generator: np.random.Generator, name: str, shape: tuple[int, int, int]
) -> None:
    image: Image = generator.random(shape, dtype=np.float32)
    before = image.copy()
    scale = 2 if name in INTERPOLATORS else 1
    restorer = build(name)
    conditions = Conditions(scale=scale, sigma_255=15)
    restored = restore_image(restorer, image, conditions)
    assert restored.shape == (shape[0], scale * shape[1], scale * shape[2])
    assert np.isfinite(restored).all()
    assert np.array_equal(image, before), "the input is left alone"
    assert np.array_equal(restored, restore_image(restorer, image, conditions))
