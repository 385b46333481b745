"""Tone and colour: against definitions computed another way."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import lab2rgb, rgb2lab

from benchmarks.degradations.colour import ColourShift, SaturationHsv, SaturationLab
from benchmarks.degradations.lab import from_lab, to_lab
from benchmarks.degradations.spatial import Quantisation
from benchmarks.degradations.tone import Brighten, Contrast, Darken
from harness.images import quantise

ANY = np.random.default_rng(0)
COLOURS = quantise(np.random.default_rng(5).random((3, 20, 20), dtype=np.float32))


def test_lab_is_that_of_scikit_image() -> None:
    assert np.abs(to_lab(COLOURS) - rgb2lab(COLOURS.transpose(1, 2, 0))).max() < 0.3
    assert np.abs(from_lab(to_lab(COLOURS)) - COLOURS).max() < 1.01 / 255, (
        "there and back is one level off at most"
    )


def test_more_saturation_in_lab_is_that_of_scikit_image() -> None:
    lab = rgb2lab(COLOURS.transpose(1, 2, 0))
    lab[..., 1:] *= 0.5
    expected = lab2rgb(lab).transpose(2, 0, 1)
    assert np.abs(SaturationLab(0.5)(COLOURS, ANY) - expected).max() < 1.5 / 255


@settings(deadline=None)
@given(st.lists(st.integers(0, 255), min_size=3, max_size=3), st.floats(0, 1))
def test_saturation_in_hsv_keeps_hue_and_value(rgb: list[int], factor: float) -> None:
    hue, saturation, value = colorsys.rgb_to_hsv(*(level / 255 for level in rgb))
    image = np.array(rgb, np.float32).reshape(3, 1, 1) / np.float32(255)
    expected = np.array(colorsys.hsv_to_rgb(hue, saturation * factor, value))
    assert np.abs(SaturationHsv(factor)(image, ANY).ravel() - expected).max() <= 0.51 / 255


@pytest.mark.parametrize("amount", [-0.6, 0.3])
def test_contrast_goes_through_its_four_points(amount: float) -> None:
    points = np.array([0, 0.25, 0.75, 1], np.float32).reshape(1, 1, 4)
    expected = np.array([0, 0.25 - amount / 4, 0.75 + amount / 4, 1])
    assert np.abs(Contrast(amount)(points, ANY).ravel() - expected).max() < 0.51 / 255


def test_brightness_keeps_black_and_white() -> None:
    ends = np.array([0, 1], np.float32).reshape(1, 1, 2).repeat(3, axis=0)
    middle = from_lab(np.array([[[50, 0, 0]]], np.float32))
    for kind, lightness in ((Brighten, 70), (Darken, 30)):
        assert np.array_equal(kind(0.4)(ends, ANY), ends)
        assert abs(to_lab(kind(0.4)(middle, ANY))[0, 0, 0] - lightness) < 0.5


def test_only_green_is_shifted() -> None:
    shifted = ColourShift(5)(COLOURS, np.random.default_rng(0))
    assert np.array_equal(shifted[[0, 2]], COLOURS[[0, 2]])
    assert not np.array_equal(shifted[1], COLOURS[1])


def test_classes_of_least_variance_are_those_of_every_split_tried() -> None:
    image = quantise(np.random.default_rng(1).beta(0.6, 2, (1, 12, 12)).astype(np.float32))
    values = image.ravel()
    best = min(
        sum(
            ((part - part.mean()) ** 2).sum()
            for part in (values[values < cut], values[values >= cut])
        )
        for cut in np.unique(values)[1:]
    )
    made = Quantisation(2)(image, ANY)
    assert len(np.unique(made)) == 2
    means = [image[made == level].mean() for level in np.unique(made)]
    assert np.allclose(np.unique(made), means, atol=0.51 / 255)
    found = sum(
        ((image[made == level] - mean) ** 2).sum()
        for level, mean in zip(np.unique(made), means, strict=True)
    )
    assert found == pytest.approx(best, rel=1e-4)
