"""Every way of shrinking is what its library does, and they are told apart."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from benchmarks.degradations.resize import (
    MatlabBicubic,
    MatlabBicubicRoundedOnce,
    NearestResize,
    OpenCVResize,
    PillowResize,
)
from benchmarks.sources import Photos
from harness.images import to_uint8

ANY = np.random.default_rng(0)
PHOTO = Photos(96).read("astronaut")


def test_opencv_and_pillow_do_what_they_do_on_files() -> None:
    pixels = to_uint8(PHOTO)
    by_opencv = cv2.resize(pixels, (24, 24), interpolation=cv2.INTER_AREA)
    assert np.array_equal(to_uint8(OpenCVResize(4, "area")(PHOTO, ANY)), by_opencv)
    smaller = PillowImage.fromarray(pixels).resize((24, 24), PillowImage.Resampling.BICUBIC)
    assert np.array_equal(to_uint8(PillowResize(4)(PHOTO, ANY)), np.asarray(smaller))
    by_opencv = cv2.resize(pixels, (24, 24), interpolation=cv2.INTER_NEAREST)
    assert np.array_equal(to_uint8(NearestResize(4)(PHOTO, ANY)), by_opencv)


def test_rounding_once_changes_a_tenth_of_the_pixels() -> None:
    twice, once = MatlabBicubic(2)(PHOTO, ANY), MatlabBicubicRoundedOnce(2)(PHOTO, ANY)
    difference = np.abs(twice - once) * 255
    assert 0.05 < (difference > 0.5).mean() < 0.25
    assert difference.max() < 2.5


@pytest.mark.parametrize("kind", [MatlabBicubic, OpenCVResize, PillowResize, NearestResize])
def test_sizes_are_rounded_up(
    kind: type[MatlabBicubic | OpenCVResize | PillowResize | NearestResize],
) -> None:
    assert kind(4)(PHOTO[:, :50, :63], ANY).shape == (3, 13, 16)
    assert kind(4)(PHOTO[:1, :50, :63], ANY).shape == (1, 13, 16)
