"""KADID-10k's table: 25 types, five levels each, each level worse than the one before."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from benchmarks.degradations.kadid import KADID, Distortion
from benchmarks.sources import Photos
from harness.metrics.psnr import PSNR
from harness.metrics.ssim import SSIM
from harness.plugins import degradations

SIGNED = {"mean-shift", "contrast-change"}
UNCHANGED = {"gaussian-blur", "motion-blur", "colour-saturation-2", "mean-shift", "contrast-change"}
"""Types whose first level is no change in KADID-10k either."""


@pytest.fixture(scope="module")
def photographs() -> list[Any]:
    photos = Photos(128)
    return [photos.read(id) for id in ("astronaut", "coffee", "china")]


def quality(item: Distortion, level: int, photographs: list[Any]) -> tuple[float, float]:
    degradation = degradations.get(item.degradation)(**item.parameters(level))
    made = [degradation(image, np.random.default_rng(number)) for number, image in enumerate(photographs)]
    psnr, ssim = (
        float(np.mean([metric(*pair).value for pair in zip(made, photographs, strict=True)]))
        for metric in (PSNR(), SSIM())
    )
    return psnr, ssim


def test_there_are_25_types_in_7_groups() -> None:
    assert [item.number for item in KADID] == list(range(1, 26))
    assert len({item.type for item in KADID}) == len({item.degradation for item in KADID}) == 25
    assert len({item.group for item in KADID}) == 7


@pytest.mark.parametrize("item", KADID, ids=lambda item: item.type)
def test_psnr_and_ssim_fall_with_the_level(item: Distortion, photographs: list[Any]) -> None:
    measured = {level: quality(item, level, photographs) for level in range(1, 6)}
    if item.type in UNCHANGED:
        assert measured[1][1] > 0.9999
    runs = [list(measured)]
    if item.type in SIGNED:  # each sign by magnitude
        runs = [[n for n in measured if item.levels[n - 1] >= 0], [n for n in measured if item.levels[n - 1] <= 0]]
    for run in runs:
        for weaker, stronger in pairwise(run):
            assert measured[stronger][0] < measured[weaker][0], f"PSNR at level {stronger}"
            assert measured[stronger][1] < measured[weaker][1], f"SSIM at level {stronger}"
