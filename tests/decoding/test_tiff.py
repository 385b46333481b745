"""Every depth, photometric interpretation, plane layout and orientation of TIFF: right or refused.

The oracle is tifffile, which writes the files; what is expected is computed from the samples.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from harness.errors import ImageError
from harness.images import read_image

WHITE = {
    "u1": 255, "u2": 65535, "u4": 2**32 - 1, "i1": 127, "i2": 32767, "i4": 2**31 - 1,
    "f2": 1, "f4": 1, "f8": 1,
}  # fmt: skip
LEVELS = np.random.default_rng(5).uniform(0.01, 1, (5, 7, 3))
KINDS = list(
    itertools.product(WHITE, ("minisblack", "miniswhite", "rgb", "rgba"), ("contig", "separate"))
)


def samples(dtype: str, planes: int) -> np.ndarray:
    return (LEVELS[..., :planes] * WHITE[dtype]).astype(dtype)


def expected(stored: np.ndarray, dtype: str) -> np.ndarray:
    return np.moveaxis(stored.astype(np.float64) / WHITE[dtype], -1, 0)


def turned(image: np.ndarray, orientation: int) -> np.ndarray:
    """By the definition of EXIF: where the stored row 0 and column 0 lie."""
    turns = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
        8: np.rot90,
    }
    return np.moveaxis(turns[orientation](np.moveaxis(image, 0, -1)), -1, 0)


@pytest.mark.parametrize(("dtype", "kind", "planar"), KINDS)
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_every_kind_is_read_right(
    tmp_path: Path, dtype: str, kind: str, planar: str, byteorder: str
) -> None:
    colour = kind.startswith("rgb")
    stored = samples(dtype, 3 if colour else 1)
    wanted = expected(stored, dtype)
    if kind == "rgba":
        stored = np.concatenate([stored, np.full_like(stored[..., :1], WHITE[dtype] // 2)], -1)
    if not colour:
        stored = stored[..., 0]
    if colour and planar == "separate":
        stored = np.moveaxis(stored, -1, 0)
    for orientation in range(1, 9):
        path = tmp_path / f"{orientation}.tif"
        tifffile.imwrite(
            path,
            stored,
            photometric="rgb" if colour else kind,
            planarconfig=planar if colour else None,
            extrasamples=["unassalpha"] if kind == "rgba" else None,
            byteorder=byteorder,
            compression="zlib" if orientation % 2 else None,
            extratags=[(274, 3, 1, orientation, True)],
            metadata=None,
        )
        values = 1 - wanted if kind == "miniswhite" else wanted
        image = read_image(path)
        assert np.allclose(image, turned(values, orientation), atol=1e-7), orientation


@pytest.mark.parametrize("predictor", [False, True])
def test_tiles_and_predictors_of_sixteen_bits(tmp_path: Path, predictor: bool) -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (40, 50, 3), dtype=np.uint16)
    tifffile.imwrite(
        tmp_path / "a.tif", deep, photometric="rgb", tile=(16, 16), compression="zlib",
        predictor=predictor,
    )  # fmt: skip
    wanted = deep.transpose(2, 0, 1) / 65535
    assert np.allclose(read_image(tmp_path / "a.tif"), wanted, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("planes", [1, 3])
def test_lzw_is_read(tmp_path: Path, dtype: type, planes: int) -> None:
    deep = (LEVELS[..., :planes] * (65535 if dtype is np.uint16 else 1)).astype(dtype)
    flags = [cv2.IMWRITE_TIFF_COMPRESSION, 5]
    assert cv2.imwrite(str(tmp_path / "a.tif"), deep[..., ::-1], flags)
    wanted = np.moveaxis(deep, -1, 0) / (65535 if dtype is np.uint16 else 1)
    assert np.allclose(read_image(tmp_path / "a.tif"), wanted, atol=1e-7)


@pytest.mark.parametrize(
    ("stored", "options", "message"),
    [
        (np.full((4, 4), 200, "f4"), {}, r"float32 from 200 to 200, where 0 is black and 1 is"),
        (np.full((4, 4, 3), -0.5, "f8"), {"photometric": "rgb"}, "float64 from -0.5"),
        (np.full((4, 4), -3, "i2"), {}, "int16 from -3 to -3"),
        (np.full((4, 4), 255, "i4"), {}, "int32 from 255 to 255"),
        (np.full((4, 4, 4), 9, "u2"), {"photometric": "separated"}, "SEPARATED"),
        (np.full((4, 4, 3), 9, "u2"), {"photometric": "ycbcr"}, "YCBCR"),
        (np.full((4, 4, 3), 9, "u2"), {"photometric": "cielab"}, "CIELAB"),
        (
            np.full((4, 4, 4), 9, "u2"),
            {"photometric": "rgb", "extrasamples": ["assocalpha"]},
            "one alpha that is not multiplied in",
        ),
        (np.full((4, 4), 1 + 1j, "c8"), {"photometric": "minisblack"}, "no real numbers"),
    ],
)
def test_what_is_not_read_is_refused_by_name(
    tmp_path: Path, stored: np.ndarray, options: dict[str, object], message: str
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", stored, metadata=None, **options)
    with pytest.raises(ImageError, match=message) as raised:
        read_image(tmp_path / "a.tif")
    assert "\n" not in str(raised.value)
    assert "a.tif" in str(raised.value)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_a_thumbnail_in_front_is_not_the_picture(tmp_path: Path, dtype: str) -> None:
    stored = samples(dtype, 3)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(stored[:2, :3], photometric="rgb", subfiletype=1)
        file.write(stored, photometric="rgb")
    assert np.allclose(read_image(tmp_path / "a.tif"), expected(stored, dtype), atol=1e-7)
