"""Formats besides TIFF: each is read to its last bit, or refused by name.

The oracle is what was written, or what OpenCV reads.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage

from benchmarks.sets import PairedSet, SyntheticSet, UnreferencedSet
from benchmarks.sources import Folder
from harness.errors import ImageError
from harness.formats import SUFFIXES, image_files, left_out
from harness.images import read_image, write_image
from harness.protocols import Task

Pixels = npt.NDArray[Any]
GENERATOR = np.random.default_rng(3)
COLOUR = GENERATOR.integers(0, 256, (48, 64, 3)).astype(np.uint8)
DEEP = GENERATOR.integers(0, 65536, (128, 128, 3)).astype(np.uint16)
PALETTE = PillowImage.fromarray(COLOUR).quantize(16)

COMMON = (
    *("png", "bmp", "dib", "tif", "ppm", "tga", "qoi", "pcx", "sgi", "rgb", "apng", "dds", "icb"),
    *("vda", "vst"),
)
JPEG_2000 = ("jp2", "j2k", "jpc", "jpf", "jpx", "j2c")
LOSSLESS: dict[str, dict[str, Any]] = {
    **{name: {} for name in COMMON},
    "webp": {"lossless": True},
    **{name: {"irreversible": False} for name in JPEG_2000},
}


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_lossless_files_are_read_to_the_last_bit_and_found(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"image.{suffix}"
    PillowImage.fromarray(COLOUR).save(path, **LOSSLESS[suffix])
    assert np.array_equal(read_image(path) * 255, COLOUR.transpose(2, 0, 1).astype(np.float32))
    assert image_files(tmp_path) == [path]
    assert path.suffix in SUFFIXES


def planes(pixels: Pixels, white: float) -> Pixels:
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    return pixels.transpose(2, 0, 1) / white


def cv2_write(pixels: Pixels, *options: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        colour = pixels[..., ::-1] if pixels.ndim == 3 else pixels
        assert cv2.imwrite(str(path), colour, options)

    return write


def raw(head: bytes, pixels: Pixels) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(head + pixels.tobytes())

    return write


def avif(depth: int) -> list[int]:
    return [cv2.IMWRITE_AVIF_DEPTH, depth, cv2.IMWRITE_AVIF_QUALITY, 100]


def bitmap(pixels: Pixels) -> Callable[[Path], None]:
    """A BMP of 16 bits a pixel: five of red, six of green, five of blue."""
    height, width = pixels.shape
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 16, 3, pixels.nbytes, 1, 1, 0, 0)
    begin = 14 + len(info + masks)
    head = b"BM" + struct.pack("<IHHI", begin + pixels.nbytes, 0, 0, begin) + info + masks
    return raw(head, pixels[::-1])


FIVE_SIX_FIVE = GENERATOR.integers(0, 65536, (8, 8)).astype("<u2")
RED, GREEN, BLUE = FIVE_SIX_FIVE >> 11, FIVE_SIX_FIVE >> 5 & 63, FIVE_SIX_FIVE & 31
LOSSLESS_JP2 = (cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000)
TEN, TWELVE = DEEP >> 6, DEEP >> 4
FLOATS = GENERATOR.random((8, 8)).astype("<f4")

READ: dict[str, tuple[str, Callable[[Path], None], Pixels, float]] = {
    "png-16-rgb": ("png", cv2_write(DEEP), planes(DEEP, 65535), 1e-7),
    "png-16-grey": ("png", cv2_write(DEEP[..., 0]), planes(DEEP[..., 0], 65535), 1e-7),
    "png-palette": ("png", PALETTE.save, planes(np.asarray(PALETTE.convert("RGB")), 255), 1e-7),
    "png-palette-4-bits": (
        "png", lambda path: PALETTE.save(path, bits=4, transparency=3),
        planes(np.asarray(PALETTE.convert("RGB")), 255), 1e-7,
    ),
    "bmp-palette": ("bmp", PALETTE.save, planes(np.asarray(PALETTE.convert("RGB")), 255), 1e-7),
    "bmp-5-6-5": (
        "bmp", bitmap(FIVE_SIX_FIVE), np.stack([RED / 31, GREEN / 63, BLUE / 31]), 1 / 255,
    ),
    "jp2-16-rgb": ("jp2", cv2_write(DEEP, *LOSSLESS_JP2), planes(DEEP, 65535), 1e-7),
    "jp2-16-grey": (
        "jp2", cv2_write(DEEP[..., 0], *LOSSLESS_JP2), planes(DEEP[..., 0], 65535), 1e-7,
    ),
    "avif-10-rgb": ("avif", cv2_write(TEN, *avif(10)), planes(TEN, 1023), 1e-7),
    "avif-12-rgb": ("avif", cv2_write(TWELVE, *avif(12)), planes(TWELVE, 4095), 1e-7),
    "avif-10-grey": ("avif", cv2_write(TEN[..., 0], *avif(10)), planes(TEN[..., 0], 1023), 1e-7),
    "ppm-12": (
        "ppm", raw(b"P6 128 128 4095\n", TWELVE.astype(">u2")), planes(TWELVE, 4095), 1e-7,
    ),
    "pgm-10": (
        "pgm", raw(b"P5 128 128 1023\n", TEN[..., 0].astype(">u2")),
        planes(TEN[..., 0], 1023), 1e-5,
    ),
    "pfm": ("pfm", raw(b"Pf\n8 8\n-1.0\n", FLOATS[::-1]), FLOATS[None], 1e-7),
}  # fmt: skip


@pytest.mark.parametrize(("suffix", "write", "expected", "close"), READ.values(), ids=READ)
def test_kinds_that_are_read_right(
    tmp_path: Path, suffix: str, write: Callable[[Path], None], expected: Pixels, close: float
) -> None:
    path = tmp_path / f"image.{suffix}"
    write(path)
    found = read_image(path)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= close


def jpeg_of_12_bits(path: Path) -> None:
    PillowImage.fromarray(COLOUR).save(path)
    content = bytearray(path.read_bytes())
    content[content.index(b"\xff\xc0") + 4] = 12
    path.write_bytes(content)


def jp2_of(bits: int) -> Callable[[Path], None]:
    """A JPEG 2000 file whose head says so."""

    def write(path: Path) -> None:
        PillowImage.fromarray(COLOUR).save(path, irreversible=False)
        content = bytearray(path.read_bytes())
        place = content.index(b"\xff\x4f\xff\x51") + 42
        for plane in range(3):
            content[place + 3 * plane] = bits - 1
        path.write_bytes(content)

    return write


REFUSED: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "jpeg-12": ("jpg", jpeg_of_12_bits, "is a JPEG of 12 bits, which is not read"),
    "jp2-12": ("jp2", jp2_of(12), "is a JPEG2000 file of 12 bits"),
    "jp2-4": ("jp2", jp2_of(4), "is a JPEG2000 file of 4 bits"),
    "jp2-signed": ("jp2", jp2_of(128 + 8), "with a sign"),
    "pfm-0-255": ("pfm", raw(b"Pf\n8 8\n-1.0\n", FLOATS * 255), "0 is black and 1 is white"),
    "pfm-negative": ("pfm", raw(b"Pf\n8 8\n-1.0\n", FLOATS - 0.5), "it would be a wrong picture"),
    "png-16-of-8-bits": ("png", cv2_write(DEEP // 257), "0 to 25[0-9], where 0 is black and 65535"),
    "png-16-grey-of-8-bits": ("png", cv2_write(DEEP[..., 0] // 257), "would be a wrong picture"),
    "tif-16-of-8-bits": ("tif", cv2_write(DEEP // 257), "would be a wrong picture"),
    "pfm-rgb": ("pfm", raw(b"PF\n2 2\n-1.0\n", FLOATS[:3, :4]), "PFM file of colours"),
    "pfm-nan": ("pfm", raw(b"Pf\n8 8\n-1.0\n", FLOATS * np.nan), "64 values that are NaN"),
}


@pytest.mark.parametrize(("suffix", "write", "message"), REFUSED.values(), ids=REFUSED)
def test_kinds_that_are_refused_by_name(
    tmp_path: Path, suffix: str, write: Callable[[Path], None], message: str
) -> None:
    path = tmp_path / f"image.{suffix}"
    write(path)
    with pytest.raises(ImageError, match=message) as refused:
        read_image(path)
    assert str(path) in str(refused.value)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder of which half is left out."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    write_image(folder / "a.png", GENERATOR.random((3, 32, 32), dtype=np.float32))
    for name in ("b.heic", "c.raw", "d.NEF", "labels.txt", ".e.png", ".hidden", "manifest.json"):
        (folder / name).touch()
    (folder / "sub.raw").mkdir()
    return folder


LEFT_OUT = "4 files of {} left out, of no format that is read: b.heic, c.raw, d.NEF and 1 more"


def test_what_a_folder_leaves_out_is_said(mixed: Path) -> None:
    hidden = f"hidden files of {mixed} are left out: .e.png"
    assert left_out(mixed) == [hidden, LEFT_OUT.format(mixed)]
    (mixed / ".e.png").unlink()
    for name in ("c.raw", "d.NEF", "labels.txt"):
        (mixed / name).unlink()
    assert left_out(mixed) == [f"1 file of {mixed} left out, of no format that is read: b.heic"]
    (mixed / "b.heic").unlink()
    assert left_out(mixed) == []


@pytest.mark.parametrize(
    "command",
    [
        ["score", "mixed", "-m", "blur-effect"],
        ["restore", "-r", "identity", "mixed", "restored"],
        ["degrade", "jpeg:quality=20", "mixed", "degraded"],
        ["run", "-b", "own.toml", "-r", "identity", "--out", "run"],
    ],
    ids=lambda command: command[0],
)
def test_commands_say_what_they_leave_out(
    mixed: Path,
    monkeypatch: pytest.MonkeyPatch,
    command_line: Callable[..., tuple[int, str, str]],
    command: list[str],
) -> None:
    monkeypatch.chdir(mixed.parent)
    text = 'name = "own"\nmetrics = ["psnr"]\nevaluation = {name = "rgb"}\n[[sets]]\nname = "s"\n'
    text += 'task = "dejpeg"\nfolder = "mixed"\ndegradations = [{name = "jpeg", quality = 20}]\n'
    Path("own.toml").write_text(text)
    code, _, error = command_line(*command)
    assert code == 0, error
    [line] = [line for line in error.splitlines() if "of no format" in line]
    assert line.startswith("warning: 4 files of ")


def test_every_kind_of_set_says_it(mixed: Path) -> None:
    folder, known = Folder(mixed), Folder(mixed, known="set5")
    one = LEFT_OUT.format(mixed)
    assert one in SyntheticSet("s", Task.DENOISE, folder, ()).left_out()
    assert PairedSet("s", Task.DENOISE, folder, folder).left_out().count(one) == 2
    assert one in UnreferencedSet("s", Task.DENOISE, folder).left_out()
    assert not UnreferencedSet("s", Task.DENOISE, known).left_out()
