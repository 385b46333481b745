"""Tiles: no seam, and the same as the whole image where the function is local."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

from harness.images import Image, read_image
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions
from harness.recording import recording
from harness.restoring.build import build_restorer
from harness.tiling import tile

SIDES = st.integers(1, 70)


@settings(deadline=None, max_examples=40)
@given(SIDES, SIDES, st.integers(12, 40), st.integers(0, 11), st.integers(1, 3))
def test_a_pointwise_function_does_not_see_the_tiles(
    h: int, w: int, size: int, overlap: int, scale: int
) -> None:
    image = np.random.default_rng(h * 71 + w).random((3, h, w), dtype=np.float32)

    def enlarge(part: Image) -> Image:
        assert part.shape[1] * part.shape[2] <= size * size
        return part.repeat(scale, axis=1).repeat(scale, axis=2)

    tiled = tile(enlarge, image, scale=scale, size=size, overlap=overlap)
    assert np.allclose(tiled, enlarge_whole(image, scale))


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


def test_a_convolutional_network_shows_no_seam(data: Path) -> None:
    """DnCNN sees 17 pixels to each side.

    What tiles mix differs at their own borders only, where they weigh little.
    """
    network = build_restorer(parse_restorer(str(data / "weights" / "dncnn_25.pth")))
    photo = read_image(data / "sets" / "set12" / "01.png")[:, 60:188, 40:200]
    noisy = photo + np.random.default_rng(0).normal(0, 25 / 255, photo.shape).astype(np.float32)
    calls = []

    def restore(part: Image) -> Image:
        calls.append(part.shape)
        return network.restore(part, Conditions())

    whole = network.restore(noisy, Conditions())
    tiled = tile(restore, noisy, scale=1, size=112, overlap=64)
    assert len(calls) > 1
    assert np.abs(tiled - whole).max() <= 1 / 255


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("[enforce fail] can't allocate memory")]
)
def test_tiles_are_halved_where_memory_runs_out_and_the_tile_is_recorded(error: Exception) -> None:
    image = np.random.default_rng(0).random((3, 90, 130), dtype=np.float32)

    def greedy(part: Image) -> Image:
        if part[0].size > 40 * 40:
            raise error
        return part

    with recording() as recorded:
        restored = tile(greedy, image, scale=1, size=2**31, overlap=8)
    assert np.allclose(restored, image, atol=1e-6)
    assert recorded.tile is not None
    assert 20 < recorded.tile <= 40


def test_no_tile_is_smaller_than_its_overlaps(generator: np.random.Generator) -> None:
    image = generator.random((1, 90, 120), dtype=np.float32)
    sizes = []

    def hopeless(part: Image) -> Image:
        sizes.append(part.shape)
        raise MemoryError

    with pytest.raises(MemoryError):
        tile(hopeless, image, scale=1, size=64, overlap=12)
    assert sizes == [(1, 64, 64), (1, 32, 32)]


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 6))
def test_tiles_keep_to_a_multiple(rows: int, columns: int, multiple: int) -> None:
    image = np.zeros((1, rows * multiple, columns * multiple), np.float32)

    def windowed(part: Image) -> Image:
        assert part.shape[1] % multiple == part.shape[2] % multiple == 0
        return part

    tiled = tile(windowed, image, scale=1, size=17, overlap=3, multiple=multiple)
    assert tiled.shape == image.shape


@pytest.mark.parametrize("size", [200, 120])
def test_an_image_that_fits_is_not_cut(generator: np.random.Generator, size: int) -> None:
    image = generator.random((1, 90, 120), dtype=np.float32)
    calls = []

    def restore(part: Image) -> Image:
        calls.append(part.shape)
        return part

    tile(restore, image, scale=1, size=size, overlap=8)
    assert calls == [image.shape]
