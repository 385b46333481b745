"""PNG files of our own: anybody reads them, and what is not whole is left to who says why."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from harness.images import MAX_PIXELS, from_uint8, read_image
from harness.png import encode_png, read_png


def _pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 7, 3), (5, 1, 3), (33, 20, 1), (40, 31, 3)])
def test_what_is_written_is_read_by_us_and_by_pillow(tmp_path: Path, shape: tuple[int, ...]):
    pixels, path = _pixels(*shape), tmp_path / "a.png"
    path.write_bytes(encode_png(pixels))
    found = read_png(path, MAX_PIXELS)
    assert found is not None
    assert np.array_equal(found, pixels)
    with PillowImage.open(path) as file:
        assert np.array_equal(np.atleast_3d(np.asarray(file)), pixels)
    assert np.array_equal(read_image(path), from_uint8(pixels))


def test_every_damaged_byte_and_every_cut_is_noticed(tmp_path: Path):
    content, path = encode_png(_pixels(4, 5, 3)), tmp_path / "a.png"
    for place in range(len(content)):
        inverted = bytearray(content)
        inverted[place] ^= 255
        for damaged in (bytes(inverted), content[:place]):
            path.write_bytes(damaged)
            assert read_png(path, MAX_PIXELS) is None, place
    path.write_bytes(content + b"more")
    assert read_png(path, MAX_PIXELS) is None


def test_what_others_write_is_left_to_pillow(tmp_path: Path):
    pixels, path = _pixels(40, 31, 3), tmp_path / "a.png"
    PillowImage.fromarray(pixels).save(path)
    assert read_png(path, MAX_PIXELS) is None
    assert np.array_equal(read_image(path), from_uint8(pixels))


def test_a_file_with_too_many_pixels_is_not_decoded(tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(encode_png(_pixels(4, 5, 3)))
    assert read_png(path, 19) is None
    assert read_png(path, 20) is not None
