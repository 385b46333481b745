"""Files whose samples have fewer bits than their words, and kinds of TIFF, SGI and DDS that lie.

Each is read right or refused by name. The oracles are the samples that are written and, for
TIFF, tifffile.
"""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage
from skimage import data

from harness.errors import ImageError
from harness.images import read_image

GENERATOR = np.random.default_rng(4)
BYTES = GENERATOR.integers(0, 256, (6, 8, 4)).astype(np.uint8)
DEPTHS = {
    "10-of-16": ("u2", 10), "12-of-16": ("u2", 12), "14-of-16": ("u2", 14),
    "12-of-signed-16": ("i2", 12), "16-of-32": ("u4", 16), "24-of-32": ("u4", 24),
}  # fmt: skip


def levels(bits: int, planes: int = 1) -> np.ndarray:
    found = GENERATOR.integers(0, 2**bits, (16, 16, planes))
    found[0, 0] = 2**bits - 1
    return found[..., 0] if planes == 1 else found


@pytest.mark.parametrize(("dtype", "bits"), DEPTHS.values(), ids=DEPTHS)
@pytest.mark.parametrize("planes", [1, 3])
def test_fewer_bits_than_the_words_of_a_tiff(
    tmp_path: Path, dtype: str, bits: int, planes: int
) -> None:
    stored = levels(bits, planes).astype(dtype)
    kind = "rgb" if planes == 3 else "minisblack"
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric=kind, metadata=None)
    with pytest.raises(ImageError, match=rf"a\.tif .*{2**bits - 1:,}.*MaxSampleValue"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("bits", [10, 12, 14])
@pytest.mark.parametrize("planes", [1, 3])
def test_a_tiff_that_states_its_white_is_scaled_by_it(
    tmp_path: Path, bits: int, planes: int
) -> None:
    stored = levels(bits, planes).astype("u2")
    tags = [(281, 3, planes, (2**bits - 1,) * planes, True)]
    kind = "rgb" if planes == 3 else "minisblack"
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric=kind, metadata=None, extratags=tags)
    wanted = np.moveaxis(stored.reshape(16, 16, planes), -1, 0) / (2**bits - 1)
    assert np.allclose(read_image(tmp_path / "a.tif"), wanted, atol=1e-7)


def test_a_dark_scene_is_read_where_the_file_says_what_white_is(tmp_path: Path) -> None:
    dark = levels(11).astype("u2")
    tags = [(281, 3, 1, (65535,), True)]
    tifffile.imwrite(tmp_path / "a.tif", dark, metadata=None, extratags=tags)
    assert np.allclose(read_image(tmp_path / "a.tif"), dark[None] / 65535, atol=1e-7)


def test_the_largest_value_of_a_file_is_not_its_white(tmp_path: Path) -> None:
    """Many write there what their largest sample is, as the specification says."""
    stored = (levels(16) * 0.6).astype("u2")
    tags = [(281, 3, 1, (int(stored.max()),), True)]
    tifffile.imwrite(tmp_path / "a.tif", stored, metadata=None, extratags=tags)
    assert np.allclose(read_image(tmp_path / "a.tif"), stored[None] / 65535, atol=1e-7)


@pytest.mark.parametrize("suffix", ["png", "jp2", "pgm", "ppm"])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_fewer_bits_than_the_words_of_other_formats(tmp_path: Path, suffix: str, bits: int) -> None:
    stored = np.tile(levels(bits, 3).astype("u2"), (8, 8, 1))
    stored = stored[..., 0] if suffix == "pgm" else stored
    lossless = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000] if suffix == "jp2" else []
    assert cv2.imwrite(str(tmp_path / f"a.{suffix}"), stored, lossless)
    with pytest.raises(ImageError, match="would be a wrong picture"):
        read_image(tmp_path / f"a.{suffix}")


@pytest.mark.parametrize("kind", ["5", "6"])
@pytest.mark.parametrize(("white", "dtype"), [(100, "u1"), (1000, ">u2"), (40000, ">u2")])
def test_samples_above_the_white_of_a_head_are_refused(
    tmp_path: Path, kind: str, white: int, dtype: str
) -> None:
    """Pillow would clip them, and say nothing."""
    stored = GENERATOR.integers(0, white, (6, 8, 3 if kind == "6" else 1)).astype(dtype)
    stored[0, 0] = white
    for high in (white, white + 1):
        stored[-1, -1, -1] = high
        (tmp_path / f"{high}.pnm").write_bytes(
            b"P%s 8 6 %d\n" % (kind.encode(), white) + stored.tobytes()
        )
    with pytest.raises(ImageError, match=f"values up to {white + 1}, where its head .* {white} is"):
        read_image(tmp_path / f"{white + 1}.pnm")
    stored[-1, -1, -1] = white
    wanted = np.moveaxis(stored, -1, 0) / white
    step = 255 if white < 256 else 65535
    assert np.allclose(read_image(tmp_path / f"{white}.pnm"), wanted, atol=0.51 / step)


def tiff(path: Path, data: bytes, *, tags: dict[int, tuple[int, ...]]) -> None:
    """A TIFF of 8x6 pixels that is no more than its tags and one strip."""
    given = {256: (8,), 257: (6,), 259: (1,), 273: (8,), 278: (6,), 279: (len(data),)} | tags
    begin = 8 + len(data) + len(data) % 2
    entries, rest = b"", b""
    after = begin + 2 + 12 * len(given) + 4
    for tag in sorted(given):
        values = struct.pack(f"<{len(given[tag])}H", *given[tag])
        entries += struct.pack("<HHI", tag, 3, len(given[tag]))
        if len(values) > 4:
            entries += struct.pack("<I", after + len(rest))
            rest += values
        else:
            entries += values.ljust(4, b"\0")
    head = b"II*\0" + struct.pack("<I", begin) + data.ljust(begin - 8, b"\0")
    path.write_bytes(head + struct.pack("<H", len(given)) + entries + b"\0" * 4 + rest)


def packed(values: np.ndarray, bits: int) -> bytes:
    """Rows of samples of so many bits, the highest first."""
    ones = np.unpackbits(values.astype(np.uint8)[..., None], axis=-1)[..., 8 - bits :]
    return np.packbits(ones.reshape(len(values), -1), axis=-1).tobytes()


GREY, RGB, CMYK = BYTES[..., 0], BYTES[..., :3], BYTES
PALETTE = GENERATOR.integers(0, 256, (3, 16)).astype(np.uint8)
CRAFTED: dict[str, tuple[bytes, dict[int, tuple[int, ...]], np.ndarray | str]] = {
    **{
        f"grey-{bits}-bits-{'white-is-0' if inverted else 'black-is-0'}": (
            packed(GREY >> (8 - bits), bits),
            {258: (bits,), 262: (1 - inverted,)},
            np.abs(inverted - (GREY >> (8 - bits))[None] / (2**bits - 1)),
        )
        for bits in (1, 2, 4, 8)
        for inverted in (0, 1)
    },
    "palette-4-bits": (
        packed(GREY >> 4, 4),
        {258: (4,), 262: (3,), 320: tuple(int(value) * 257 for value in PALETTE.ravel())},
        PALETTE[:, GREY >> 4] / 255,
    ),
    "rgb-8-bits-planes-apart": (
        np.moveaxis(RGB, -1, 0).tobytes(),
        {258: (8, 8, 8), 262: (2,), 277: (3,), 284: (2,), 273: (8, 56, 104), 279: (48, 48, 48)},
        np.moveaxis(RGB, -1, 0) / 255,
    ),
    **{
        f"{name.lower()}-8-bits": (
            RGB.tobytes(), {258: (8, 8, 8), 262: (code,), 277: (3,)}, name,
        )
        for name, code in (("CIELAB", 8), ("ICCLAB", 9), ("ITULAB", 10), ("YCBCR", 6))
    },
    **{
        f"orientation-{turn}-{bits}-bits": (
            GREY.astype(f"u{bits // 8}").tobytes() if bits == 8 else (GREY * 257.0).astype(
                "<u2").tobytes(),
            {258: (bits,), 262: (1,), 274: (turn,)},
            f"orientation is {turn}",
        )
        for turn in (9, 65535)
        for bits in (8, 16)
    },
    "orientation-0": (GREY.tobytes(), {258: (8,), 262: (1,), 274: (0,)}, GREY[None] / 255),
    "mask": (packed(GREY >> 7, 1), {258: (1,), 262: (4,)}, "MASK"),
    "filter-array": (GREY.tobytes(), {258: (8,), 262: (32803,)}, "CFA"),
    "linear-raw": (RGB.tobytes(), {258: (8, 8, 8), 262: (34892,), 277: (3,)}, "LINEAR_RAW"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "tags", "expected"), CRAFTED.values(), ids=CRAFTED)
def test_kinds_of_tiff_with_8_bits_and_fewer(
    tmp_path: Path, data: bytes, tags: dict[int, tuple[int, ...]], expected: np.ndarray | str
) -> None:
    tiff(tmp_path / "a.tif", data, tags=tags)
    if isinstance(expected, str):
        with pytest.raises(ImageError, match=rf"a\.tif .*{expected}"):
            read_image(tmp_path / "a.tif")
        return
    found = read_image(tmp_path / "a.tif")
    assert np.allclose(found, np.broadcast_to(expected, found.shape), atol=1e-7)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("rle", [0, 1])
def test_sgi_of_16_bits_is_refused_by_name(tmp_path: Path, mode: str, rle: int) -> None:
    image = PillowImage.fromarray(BYTES).convert(mode)
    image.save(tmp_path / "a.sgi", bpc=2)
    content = bytearray((tmp_path / "a.sgi").read_bytes())
    content[2] = rle
    (tmp_path / "a.sgi").write_bytes(content)
    with pytest.raises(ImageError, match=r"a\.sgi is an SGI file of 16 bits"):
        read_image(tmp_path / "a.sgi")


def test_dds_of_half_floats_is_refused_by_name(tmp_path: Path) -> None:
    PillowImage.fromarray(BYTES[:4, :4]).save(tmp_path / "a.dds", pixel_format="DXT5")
    content = bytearray((tmp_path / "a.dds").read_bytes())
    content[84:88] = b"DX10"
    head = struct.pack("<5I", 95, 3, 0, 1, 0)  # BC6H_UF16
    (tmp_path / "a.dds").write_bytes(content[:128] + head + content[128:])
    with pytest.raises(ImageError, match=r"a\.dds is a DDS file of floats"):
        read_image(tmp_path / "a.dds")


@pytest.mark.parametrize(("bits", "ratio"), [(10, 30), (12, 200), (14, 200)])
@pytest.mark.parametrize("planes", [1, 3])
def test_fewer_bits_that_were_rounded_beyond_their_white(
    tmp_path: Path, bits: int, ratio: int, planes: int
) -> None:
    """A lossy JPEG 2000 file overshoots: 12 bits become up to 4,622."""
    photo = data.astronaut()[40:104, 100:180].astype("u2")
    stored = (photo if planes == 3 else photo[..., 1]) * (2**bits - 1) // 255
    stored[::7], stored[3::7] = 2**bits - 1, 0
    lossy = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, ratio]
    assert cv2.imwrite(str(tmp_path / "a.jp2"), stored, lossy)
    with pytest.raises(ImageError, match=r"wrong picture; scale .*; if it is this dark, as TIFF"):
        read_image(tmp_path / "a.jp2")


def test_16_bits_that_are_dark_are_read_as_floats(tmp_path: Path) -> None:
    """As the message about a PNG says."""
    dark = levels(11).astype("u2")
    assert cv2.imwrite(str(tmp_path / "a.png"), dark)
    with pytest.raises(ImageError, match="if it is this dark, as TIFF of floats"):
        read_image(tmp_path / "a.png")
    floats = dark.astype(np.float32) / 65535
    tifffile.imwrite(tmp_path / "a.tif", floats)
    assert np.array_equal(read_image(tmp_path / "a.tif")[0], floats)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("kind", [{"photometric": "minisblack"}, {"imagej": True}])
def test_planes_that_were_saved_as_pages(tmp_path: Path, dtype: str, kind: dict[str, str]) -> None:
    """The first page would be the red plane, as a grey picture."""
    most = 1 if dtype == "f4" else np.iinfo(dtype).max
    planes = (GENERATOR.random((3, 8, 9)) * most).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", planes, **kind)
    with pytest.raises(ImageError, match=r"a\.tif has 3 grey pages of one size"):
        read_image(tmp_path / "a.tif")
    # pages of which no picture is made, and smaller copies
    tifffile.imwrite(tmp_path / "b.tif", planes[:2], photometric="minisblack")
    with tifffile.TiffWriter(tmp_path / "c.tif") as file:
        file.write(planes[0], photometric="minisblack", metadata=None)
        for step in (2, 4):
            file.write(planes[0, ::step, ::step], photometric="minisblack", subfiletype=1)
    for name in "bc":
        assert np.allclose(read_image(tmp_path / f"{name}.tif")[0], planes[0] / most, atol=1e-6)


@pytest.mark.parametrize("white", [255, 65535])
def test_floats_whose_white_is_not_1(tmp_path: Path, white: int) -> None:
    floats = GENERATOR.random((3, 16, 17), dtype=np.float32)
    np.save(tmp_path / "a.npy", floats * white)
    with pytest.raises(ImageError, match=r"a\.npy holds values .* divide it by 255"):
        read_image(tmp_path / "a.npy")
    # what strong noise makes of a picture is no other range
    noisy = floats + GENERATOR.normal(0, 1, floats.shape).astype(np.float32)
    np.save(tmp_path / "b.npy", noisy)
    assert np.array_equal(read_image(tmp_path / "b.npy"), noisy)
