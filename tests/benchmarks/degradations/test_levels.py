"""Levels are monotone: the mean PSNR and SSIM of a few photographs fall with the strength."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from benchmarks.degradations.kadid import KADID
from benchmarks.sources import Photos
from harness.metrics.psnr import PSNR
from harness.metrics.ssim import SSIM
from harness.plugins.kinds import degradations
from harness.resizing import imresize

Levels = tuple[str, str, Sequence[Any], dict[str, Any]]
"""Name, parameter, its values from the weakest on, and the other parameters."""

SIGNED = ("mean-shift", "contrast")
"""Degradations of KADID-10k with levels of both signs: each sign falls with its magnitude."""

OTHERS: list[Levels] = [
    ("gaussian-noise", "sigma_255", (5, 15, 25, 50), {}),
    ("correlated-noise", "sigma_255", (5, 15, 50), {}),
    ("poisson-noise", "peak", (300, 100, 30, 5), {}),
    ("poisson-gaussian-noise", "peak", (300, 30, 5), {"read_255": 5}),
    ("poisson-gaussian-noise", "read_255", (1, 10, 40), {"peak": 100}),
    ("camera-noise", "shot", (0.001, 0.01, 0.1), {}),
    ("camera-noise", "read", (0.0001, 0.001, 0.01), {}),
    ("jpeg-after-noise", "sigma_255", (5, 15, 50), {"quality": 60}),
    ("jpeg-after-noise", "quality", (90, 40, 10), {"sigma_255": 5}),
    ("anisotropic-blur", "sigma_x", (1, 2, 4), {"sigma_y": 0.8, "angle": 30}),
    ("motion-blur", "length", (3, 7, 15), {"angle": 45}),
    ("shake-blur", "size", (7, 13, 25), {"number": 2}),
    ("imresize", "scale", (2, 3, 4), {}),
    ("imresize-float", "scale", (2, 3, 4), {}),
    ("imresize-rounded-once", "scale", (2, 3, 4), {}),
    ("opencv-resize", "scale", (2, 3, 4), {}),
    ("pillow-resize", "scale", (2, 3, 4), {}),
    ("nearest-resize", "scale", (2, 3, 4), {}),
    ("webp", "quality", (90, 50, 5), {}),
    ("avif", "quality", (90, 50, 5), {}),
    ("exposure", "stops", (-0.5, -1, -2, -4), {}),
    ("exposure", "stops", (0.5, 1, 2, 4), {}),
    ("low-light", "stops", (0.5, 1, 2, 4), {}),
    ("haze", "beta", (0.3, 0.6, 1.2, 2.4), {}),
    ("rain", "density", (0.001, 0.005, 0.02, 0.1), {}),
    ("rain", "strength", (0.2, 0.5, 1.0), {"density": 0.01}),
    ("missing-pixels", "fraction", (0.1, 0.3, 0.6), {}),
    ("missing-boxes", "fraction", (0.1, 0.3, 0.6), {}),
    ("missing-strokes", "fraction", (0.1, 0.3, 0.6), {}),
]
WITHOUT_LEVELS = {"eight-bits", "bayer-mosaic", "bsrgan", "real-esrgan", "kadid-mix"}
"""Those that have no strength, or draw it for each image."""


def _kadid() -> list[Levels]:
    rows: list[Levels] = []
    for item in KADID:
        for sign in [1, -1] if item.degradation in SIGNED else [0]:
            levels = [level for level in item.levels if level * sign >= 0]
            rows.append((item.degradation, item.parameter, levels, {}))
    return rows


LEVELS = [*_kadid(), *OTHERS]


@pytest.fixture(scope="module")
def photographs() -> list[Any]:
    photos = Photos(96)
    return [photos.read(id) for id in ("astronaut", "coffee", "china")]


def quality(degradation: Any, photographs: list[Any]) -> tuple[float, float]:
    values = []
    for number, image in enumerate(photographs):
        made = degradation(image, np.random.default_rng(number))
        if made.shape != image.shape:
            made = imresize(made, image.shape[1] / made.shape[1], rounding="none")
        values.append((PSNR()(made, image).value, SSIM()(made, image).value))
    psnr, ssim = np.mean(values, axis=0)
    return float(psnr), float(ssim)


def test_every_degradation_is_here() -> None:
    assert {name for name, *_ in LEVELS} | WITHOUT_LEVELS == set(degradations)


@pytest.mark.parametrize(
    ("name", "parameter", "values", "others"), LEVELS, ids=lambda value: str(value)[:30]
)
def test_psnr_and_ssim_fall_with_the_level(
    name: str, parameter: str, values: Sequence[Any], others: dict[str, Any], photographs: list[Any]
) -> None:
    cls = degradations.get(name)
    measured = [quality(cls(**{parameter: value, **others}), photographs) for value in values]
    for (weaker, stronger), value in zip(pairwise(measured), values[1:], strict=True):
        assert stronger[0] < weaker[0], f"PSNR at {parameter} {value}: {measured}"
        assert stronger[1] < weaker[1], f"SSIM at {parameter} {value}: {measured}"
