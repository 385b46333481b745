"""Image files that were not copied whole: one line says so, whatever a decoder calls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage

from harness.errors import ImageError
from harness.images import read_image

PIXELS = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
DEEP = PIXELS.astype(np.uint16) * 257


def saved(suffix: str, **options: object) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        PillowImage.fromarray(PIXELS).save(path, format=suffix, **options)

    return write


def tiff(pixels: np.ndarray, **options: object) -> Callable[[Path], None]:
    return lambda path: tifffile.imwrite(path, pixels, photometric="rgb", **options)


WRITERS: dict[str, Callable[[Path], object]] = {
    **{name: saved(name) for name in ("png", "jpeg", "tiff", "bmp", "webp", "jpeg2000", "gif")},
    "lzw.tiff": saved("tiff", compression="tiff_lzw"),
    "16.png": lambda path: path.write_bytes(cv2.imencode(".png", DEEP)[1].tobytes()),
    "16.tiff": tiff(DEEP),
    "zlib.tiff": tiff(DEEP, compression="zlib"),
    "float.tiff": tiff(PIXELS.astype(np.float32) / 255),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("left", ["24 bytes", "half", "all but 30 bytes", "zeros"])
def test_what_was_not_copied_whole_is_said_in_one_line(
    tmp_path: Path, name: str, left: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"a.{name.rpartition('.')[2]}"
    WRITERS[name](path)
    content = path.read_bytes()
    kept = {"24 bytes": 24, "half": len(content) // 2, "all but 30 bytes": len(content) - 30}
    path.write_bytes(content[: kept[left]] if left in kept else bytes(len(content)))
    with pytest.raises(ImageError) as error:
        read_image(path)
    said = str(error.value)
    assert said.startswith(f"{path} cannot be read as an image: ")
    assert "copy it again" in said or "cannot identify image file" in said
    assert "\n" not in said
    assert capfd.readouterr() == ("", ""), "no library prints"


def test_a_png_of_16_bits_that_lacks_its_last_byte(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = cv2.imencode(".png", DEEP)[1].tobytes()
    (tmp_path / "a.png").write_bytes(content[:-1])
    with pytest.raises(ImageError, match="is cut short: it lacks the end of a PNG file"):
        read_image(tmp_path / "a.png")
    assert capfd.readouterr() == ("", "")
