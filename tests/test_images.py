"""The image contract: reading what the world writes, and refusing what is no image.

Resizing is what MATLAB does.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from harness.errors import ImageError
from harness.images import (
    check_image,
    crop_border,
    crop_to_multiple,
    image_hash,
    quantise,
    read_image,
    to_luma,
    write_image,
)
from harness.resizing import imresize


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([1, 2], "list"),
        (np.zeros((3, 4, 4)), "float64"),
        (np.zeros((4, 4, 3), np.float32), r"\(4, 4, 3\)"),
        (np.zeros((3, 0, 4), np.float32), "not empty"),
        (np.full((3, 2, 2), np.nan, np.float32), "12 values"),
    ],
)
def test_what_is_no_image_is_named(wrong: object, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        check_image(wrong)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "CMYK", "1", "I;16"])
def test_every_mode_is_read_as_one_or_three_planes(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("image.tif" if mode in ("CMYK", "I;16") else "image.png")
    PillowImage.new(mode, (5, 4)).save(path)
    image = check_image(read_image(path))
    assert image.shape == (1 if mode in ("L", "LA", "1", "I;16") else 3, 4, 5)
    assert read_image(path, mode="rgb").shape == (3, 4, 5)
    assert read_image(path, mode="grey").shape == (1, 4, 5)


def test_sixteen_bits_keep_their_depth(tmp_path: Path) -> None:
    PillowImage.fromarray(np.array([[257, 65535]], dtype=np.uint16)).save(tmp_path / "deep.png")
    assert read_image(tmp_path / "deep.png").ravel().tolist() == pytest.approx([257 / 65535, 1.0])


def test_rotation_in_exif_is_applied(tmp_path: Path) -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 6  # orientation: rotate by 90 degrees
    PillowImage.new("RGB", (8, 4)).save(tmp_path / "turned.jpg", exif=exif)
    assert read_image(tmp_path / "turned.jpg").shape == (3, 8, 4)


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_damaged_file_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"damaged\.png cannot be read as an image"):
        read_image(path)


def test_a_truncated_file_is_refused(tmp_path: Path, generator: np.random.Generator) -> None:
    write_image(tmp_path / "whole.png", generator.random((3, 64, 64), dtype=np.float32))
    content = (tmp_path / "whole.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match="cannot be read"):
        read_image(tmp_path / "cut.png")


def test_a_file_that_claims_too_many_pixels_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.images.MAX_PIXELS", 15)
    PillowImage.new("L", (4, 4)).save(tmp_path / "large.png")
    with pytest.raises(ImageError, match="has more than 15 pixels"):
        read_image(tmp_path / "large.png")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="does not exist"):
        read_image(tmp_path / "gone.png")


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 3), st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**16))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, planes: int, height: int, width: int, seed: int
) -> None:
    shape = (1 if planes < 3 else 3, height, width)
    image = np.random.default_rng(seed).uniform(-0.2, 1.2, shape).astype(np.float32)
    path = tmp_path_factory.mktemp("written") / "image.png"
    write_image(path, image)
    assert np.array_equal(read_image(path), quantise(image))


def test_luma_of_white_black_and_the_primaries() -> None:
    rows = [[1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    colours = np.array(rows, np.float32).T[:, None]
    expected = np.array([235, 16, 16 + 65.481, 16 + 128.553, 16 + 24.966])
    assert np.allclose(to_luma(colours)[0, 0] * 255, expected, atol=1e-4)
    assert np.array_equal(np.rint(to_luma(colours, "rounded") * 255)[0, 0], np.rint(expected))


def test_borders_and_multiples() -> None:
    image = np.zeros((3, 10, 13), np.float32)
    assert crop_border(image, 2).shape == (3, 6, 9)
    assert crop_to_multiple(image, 4).shape == (3, 8, 12)
    with pytest.raises(ImageError, match="nothing left"):
        crop_border(image, 5)
    with pytest.raises(ImageError, match="smaller than the multiple"):
        crop_to_multiple(image, 11)


@given(st.sampled_from([1 / 2, 1 / 3, 1 / 4, 2, 3]), st.integers(4, 20), st.floats(0, 1))
@settings(deadline=None, max_examples=30)
def test_resizing_keeps_a_constant(scale: float, side: int, value: float) -> None:
    image = np.full((1, side, side + 1), value, np.float32)
    resized = imresize(image, scale, rounding="none")
    assert resized.shape == (1, int(np.ceil(side * scale)), int(np.ceil((side + 1) * scale)))
    assert np.allclose(resized, value, atol=1e-6)


def test_a_hash_sees_one_changed_value(generator: np.random.Generator) -> None:
    image = generator.random((3, 4, 4), dtype=np.float32)
    other = image.copy()
    other[0, 0, 0] += 1e-6
    assert image_hash(image) == image_hash(image.copy()) != image_hash(other)
