"""Tiles: no seam, and the same as the whole image where the function is local."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

from harness.images import Image
from harness.tiling import tile


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(12, 40), st.integers(0, 11), st.integers(1, 3))
def test_a_pointwise_function_does_not_see_the_tiles(h: int, w: int, size: int, overlap: int, scale: int) -> None:
    image = np.random.default_rng(h * 71 + w).random((3, h, w), dtype=np.float32)

    def enlarge(part: Image) -> Image:
        assert max(part.shape[1:]) <= size
        return part.repeat(scale, axis=1).repeat(scale, axis=2)

    assert np.allclose(tile(enlarge, image, scale=scale, size=size, overlap=overlap), enlarge_whole(image, scale))


def enlarge_whole(image: Image, scale: int) -> Image:
    return image.repeat(scale, axis=1).repeat(scale, axis=2)


def test_a_local_filter_shows_no_seam(generator: np.random.Generator) -> None:
    image = generator.random((1, 90, 120), dtype=np.float32)

    def blur(part: Image) -> Image:
        return np.asarray(uniform_filter(part, (0, 5, 5)), np.float32)

    difference = np.abs(tile(blur, image, scale=1, size=40, overlap=16) - blur(image))
    # a tile's own border is wrong for two pixels, where its weight is at most 2.5 / 16
    assert difference.max() < 1 / 255 * 16
    assert np.median(difference) < 1e-6


@pytest.mark.parametrize("size", [200, 120])
def test_an_image_that_fits_is_not_cut(generator: np.random.Generator, size: int) -> None:
    image = generator.random((1, 90, 120), dtype=np.float32)
    calls = []
    tile(lambda part: calls.append(part.shape) or part, image, scale=1, size=size, overlap=8)  # type: ignore[func-returns-value]
    assert calls == [image.shape]
