"""Kernels: what they must sum to and where they point; a restorer is told the one that was used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import convolve as exact

from benchmarks.degradations.blur import AnisotropicBlur, DefocusBlur, GaussianBlur
from benchmarks.degradations.kernels import convolve, disk, gaussian, line
from benchmarks.degradations.motion import MotionBlur
from harness.chain import degrade

IMAGE = np.random.default_rng(2).random((3, 50, 41), dtype=np.float32)


@settings(deadline=None)
@given(st.floats(0.5, 9), st.floats(0, 180))
def test_kernels_are_odd_and_sum_to_one(size: float, angle: float) -> None:
    for kernel in (disk(size), line(1 + size, angle), gaussian(size, 0.7, angle)):
        assert kernel.shape[0] % 2 == kernel.shape[1] % 2 == 1
        assert kernel.sum() == pytest.approx(1)
        assert kernel.min() >= 0
        assert np.allclose(kernel, kernel[::-1, ::-1], atol=1e-9)


def test_a_disk_covers_its_area() -> None:
    assert (disk(4) / disk(4).max()).sum() == pytest.approx(np.pi * 16, rel=0.005)


def test_angles_run_against_the_clock_from_the_right() -> None:
    for kernel in (line(9, 45), gaussian(3, 0.5, 45)):
        middle = len(kernel) // 2
        right, left = kernel[middle - 2, middle + 2], kernel[middle - 2, middle - 2]
        assert right > 0.01 > left, "45 degrees points to the top right"
    assert line(9, 0)[4].sum() == pytest.approx(1)


def test_the_kernel_is_flipped_as_a_convolution_wants_it() -> None:
    kernel = np.random.default_rng(0).random((3, 5))
    expected = [exact(plane, kernel, mode="mirror") for plane in IMAGE]
    assert np.allclose(convolve(IMAGE, kernel), expected, atol=1e-5)


BLURS = [
    GaussianBlur(1.6), AnisotropicBlur(2.5, 0.8, 20), DefocusBlur(3), MotionBlur(9, 30),
    MotionBlur(9),
]  # fmt: skip


@pytest.mark.parametrize("blur", BLURS)
def test_a_restorer_is_told_the_kernel_that_was_used(blur: Any) -> None:
    blurred, known = degrade(blur, IMAGE, np.random.default_rng(4))
    assert known.kernel is not None
    again = [exact(plane, np.array(known.kernel), mode="mirror") for plane in IMAGE]
    assert np.allclose(blurred, again, atol=1e-5)
    assert blur.conditions.knows("kernel")
