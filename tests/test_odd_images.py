"""Whatever a folder may hold: each file has the promised result, or one clear line.

The promises are those of docs/conventions.md.
"""

from __future__ import annotations

import json
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage

from harness.errors import ImageError
from harness.images import read_image

PIXELS = np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8)
EXPECTED = PIXELS.transpose(2, 0, 1).astype(np.float32) / 255


def png(
    width: int, height: int, rows: bytes, *, colour: int = 2, interlaced: bool = False
) -> bytes:
    """A PNG of 8 bits by hand, for what Pillow does not write."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, int(interlaced))
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


ADAM7 = (
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
    (0, 1, 1, 2),
)  # fmt: skip


def interlaced_png(pixels: np.ndarray) -> bytes:
    """The seven passes of Adam7."""

    def rows() -> Iterator[bytes]:
        for x, y, dx, dy in ADAM7:
            for row in pixels[y::dy, x::dx]:
                yield b"\0" + row.tobytes()

    return png(pixels.shape[1], pixels.shape[0], b"".join(rows()), interlaced=True)


def test_an_interlaced_file_is_the_same_image(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(interlaced_png(PIXELS))
    assert np.array_equal(read_image(tmp_path / "a.png"), EXPECTED)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_of_colour_keep_their_depth(tmp_path: Path, suffix: str) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (6, 7, 3), dtype=np.uint16)
    cv2.imwrite(str(tmp_path / f"deep.{suffix}"), deep[..., ::-1])
    image = read_image(tmp_path / f"deep.{suffix}")
    assert np.allclose(image, deep.transpose(2, 0, 1) / 65535, atol=1e-7)


def test_a_deep_ppm_is_scaled_by_its_white(tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 1024, (6, 7, 3), dtype=np.uint16)
    (tmp_path / "a.ppm").write_bytes(b"P6 7 6 1023\n" + deep.astype(">u2").tobytes())
    wanted = deep.transpose(2, 0, 1) / 1023
    assert np.allclose(read_image(tmp_path / "a.ppm"), wanted, atol=1e-7)


def test_alpha_is_dropped_and_a_palette_becomes_rgb(tmp_path: Path) -> None:
    opaque = PillowImage.fromarray(PIXELS)
    opaque.putalpha(10)
    opaque.save(tmp_path / "alpha.png")
    assert np.array_equal(read_image(tmp_path / "alpha.png"), EXPECTED)
    few = PillowImage.fromarray(PIXELS // 128 * 255)
    few.quantize(8).save(tmp_path / "palette.png")
    expected = np.asarray(few).transpose(2, 0, 1) / np.float32(255)
    assert np.array_equal(read_image(tmp_path / "palette.png"), expected)


def test_a_cmyk_jpeg_becomes_rgb(tmp_path: Path) -> None:
    red = PillowImage.new("RGB", (16, 16), (255, 0, 0))
    red.convert("CMYK").save(tmp_path / "print.jpg", quality=100)
    assert np.allclose(read_image(tmp_path / "print.jpg")[:, 8, 8], [1, 0, 0], atol=0.02)


def test_an_animation_is_its_first_picture(tmp_path: Path) -> None:
    first, second = PillowImage.new("L", (8, 8), 0), PillowImage.new("L", (8, 8), 255)
    first.save(tmp_path / "moving.gif", save_all=True, append_images=[second])
    assert read_image(tmp_path / "moving.gif").max() == 0


@pytest.mark.parametrize(
    "name", ["Größe ü.png", "写真.png", "emoji 🌄.png", "-dash.png", "percent%20.png"]
)
def test_names_may_be_anything(tmp_path: Path, name: str) -> None:
    PillowImage.fromarray(PIXELS).save(tmp_path / name)
    assert np.array_equal(read_image(tmp_path / name), EXPECTED)


def test_one_pixel_is_an_image(tmp_path: Path) -> None:
    PillowImage.new("RGB", (1, 1), (255, 0, 51)).save(tmp_path / "one.png")
    assert read_image(tmp_path / "one.png").ravel().tolist() == pytest.approx([1, 0, 0.2])


def test_twenty_thousand_squared_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "huge.png").write_bytes(png(20_000, 20_000, b"", colour=0))
    message = r"huge\.png has more than 178,956,970 pixels; cut it into parts"
    with pytest.raises(ImageError, match=message):
        read_image(tmp_path / "huge.png")


def test_a_large_photograph_is_read_without_a_warning(tmp_path: Path) -> None:
    # 100 million pixels in a file of 100 kB: above the size that Pillow warns of, below the limit
    (tmp_path / "large.png").write_bytes(png(10_000, 10_000, b"\0" * 10_001 * 10_000, colour=0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_image(tmp_path / "large.png").shape == (1, 10_000, 10_000)


def test_a_float_file_with_nan_is_refused(tmp_path: Path) -> None:
    PillowImage.fromarray(np.full((4, 4), np.nan, np.float32)).save(tmp_path / "nan.tif")
    with pytest.raises(ImageError, match="16 values that are NaN or infinite"):
        read_image(tmp_path / "nan.tif")


def test_a_folder_of_everything_is_scored_line_by_line(
    tmp_path: Path, command_line: Callable[..., tuple[int, str, str]]
) -> None:
    whole = interlaced_png(PIXELS)
    good = {"good.png": whole, "Grün.png": whole}
    bad = {
        "zero.png": b"",
        "cut.png": whole[: len(whole) // 2],
        "text.png": b"text",
        "huge.png": png(20_000, 20_000, b""),
    }
    tiny = {"one.png": png(1, 1, b"\0abc")}
    for name, content in {**good, **bad, **tiny}.items():
        (tmp_path / name).write_bytes(content)
    both = ("-m", "ssim", "-m", "psnr")
    code, out, _ = command_line("score", tmp_path, "--reference", tmp_path, *both, "--json")
    rows = {(Path(row["path"]).name, row["metric"]): row for row in json.loads(out)["rows"]}
    assert code == 3
    for name in good:
        assert rows[name, "ssim"]["value"] == 1
        assert rows[name, "psnr"]["value"] == "inf"
    for name in bad:
        assert name in rows[name, "psnr"]["error"]
        assert "\n" not in rows[name, "psnr"]["error"]
    assert rows["one.png", "psnr"]["value"] == "inf"
    assert "needs at least 11x11 pixels" in rows["one.png", "ssim"]["error"]


def test_a_cut_short_file_of_16_bits_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole, path = tmp_path / "whole.png", tmp_path / "short.png"
    assert cv2.imwrite(str(whole), PIXELS.astype(np.uint16) * 257)
    path.write_bytes(whole.read_bytes()[:-200])
    with pytest.raises(ImageError, match="image file is truncated"):
        read_image(path)
    assert capfd.readouterr().err == ""
