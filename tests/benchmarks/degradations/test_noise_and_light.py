"""Noise has the mean and variance that its parameters say; exposure has no effect at 0 stops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.degradations.impulse import SaltAndPepper, SpeckleNoise
from benchmarks.degradations.noise import ColourNoise, CorrelatedNoise, GaussianNoiseClipped
from benchmarks.degradations.sensor import (
    Exposure,
    PoissonGaussianNoise,
    PoissonNoise,
    develop,
    expose,
    linearise,
)
from benchmarks.degradations.weather import Haze
from harness.images import quantise

GREY = np.full((3, 200, 200), 0.5, np.float32)


@pytest.mark.parametrize(
    ("noise", "variance"),
    [
        (GaussianNoiseClipped(20.0), (20 / 255) ** 2),
        (CorrelatedNoise(20.0, 2.0), (20 / 255) ** 2),
        (PoissonNoise(100.0), 0.5 / 100),
        (PoissonGaussianNoise(100.0, 10.0), 0.5 / 100 + (10 / 255) ** 2),
        (SpeckleNoise(0.01), 0.25 * 0.01),
        (SaltAndPepper(0.1), 0.1 * 0.25),
    ],
)
def test_variance(noise: Any, variance: float) -> None:
    difference = noise(GREY, np.random.default_rng(1)) - GREY
    assert difference.var() == pytest.approx(variance, rel=0.08)
    assert abs(difference.mean()) < 0.005


def test_grain_makes_neighbours_alike() -> None:
    grainy, plain = CorrelatedNoise(20.0, 1.5), GaussianNoiseClipped(20.0)
    for noise, low, high in ((grainy, 0.8, 1.0), (plain, -0.05, 0.05)):
        plane = noise(GREY, np.random.default_rng(1))[0] - 0.5
        assert low < np.corrcoef(plane[:, 1:].ravel(), plane[:, :-1].ravel())[0, 1] < high


def test_noise_in_ycbcr_is_strongest_in_blue() -> None:
    difference = ColourNoise(0.0005)(GREY, np.random.default_rng(1)) - GREY
    spread = difference.std(axis=(1, 2)) / np.sqrt(0.0005)
    green = np.linalg.norm([1.1644, 0.3918, 0.813])
    expected = [np.hypot(1.1644, 1.596), green, np.hypot(1.1644, 2.0172)]
    assert spread == pytest.approx(expected, rel=0.03)


def test_sensor_noise_grows_with_the_light() -> None:
    for level in (0.1, 0.6):
        light = np.full((1, 200, 200), level, np.float32)
        noisy = expose(light, 0.01, 0.001, np.random.default_rng(2))
        assert noisy.var() == pytest.approx(0.01 * level + 0.001, rel=0.03)


def test_light_there_and_back_is_the_image() -> None:
    image = quantise(np.random.default_rng(0).random((3, 20, 20), dtype=np.float32))
    assert np.array_equal(develop(linearise(image)), image)
    assert np.array_equal(Exposure(0)(image, np.random.default_rng(0)), image)


def test_haze_covers_the_top_more_than_the_bottom() -> None:
    hazy = Haze(2.0, 0.9)(np.zeros((3, 60, 60), np.float32), np.random.default_rng(3))
    assert hazy[:, 0].mean() > 0.6 > 0.3 > hazy[:, -1].mean()
    assert hazy.max() <= 0.9 + 0.5 / 255
