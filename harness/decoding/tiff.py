"""TIFF files that Pillow would read wrongly or not at all: all that are not of plain 8 bits.

Values are scaled by what their type can hold, so that one scene is one image in every depth:
whole numbers of n bits by 2^n - 1, signed ones by 2^(n-1) - 1, floats by one. Where a file states
that fewer bits are in use, it is believed.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from harness.errors import ImageError

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SUBFILE, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 258, 259, 262
_ORIENTATION, _MOST, _SAMPLE_FORMAT = 274, 281, 339
_WHITE_IS_ZERO, _GREY, _RGB, _MASKS = 0, 1, 2, (0, 2)
_GREYS, _COLOURS = (_WHITE_IS_ZERO, _GREY), (3, 4)
_PALETTE, _CMYK, _YCBCR, _JPEGS = 3, 5, 6, (6, 7)


def is_tiff(path: str | Path) -> bool:
    """Whether a file begins as a TIFF or BigTIFF does."""
    with Path(path).open("rb") as file:
        return file.read(4) in MAGIC


def is_plain(file: PillowImage.Image) -> bool:
    """Whether Pillow reads a file to the last bit: no TIFF, or one of up to 8 bits.

    The first page of one that begins with a thumbnail is not the picture.
    """
    tags = getattr(file, "tag_v2", None)
    if file.format != "TIFF" or tags is None:
        return True
    if int(tags.get(_SUBFILE, 0)) & 1:
        return False
    colours = int(tags.get(_PHOTOMETRIC, 0))
    if colours not in (_WHITE_IS_ZERO, _GREY, _RGB, _PALETTE, _CMYK, _YCBCR):
        return False
    if colours == _YCBCR and tags.get(_COMPRESSION) not in _JPEGS:  # of what range, is not seen
        return False
    if int(tags.get(_ORIENTATION, 1)) > 8:
        return False
    if colours in _GREYS and getattr(file, "n_frames", 1) in _COLOURS:
        return False
    return max(tags.get(_BITS, (1,))) <= 8 and set(tags.get(_SAMPLE_FORMAT, (1,))) == {1}


def _page(path: str | Path, file: Any) -> Any:
    """The first page that is no smaller copy of another one.

    Raises:
        ImageError: The pages are the planes of one picture, of which the first is its red.
    """
    whole = [page for page in file.pages if not page.tags.valueof(_SUBFILE, default=0) & 1]
    sizes = {(page.shape, page.dtype) for page in whole}
    if len(whole) in _COLOURS and len(sizes) == 1 and whole[0].photometric in _GREYS:
        raise ImageError(
            f"{path} has {len(whole)} grey pages of one size, as (C, H, W) is saved: it is one "
            "picture or several, which the file does not say; save colours as (H, W, 3) with "
            "photometric='rgb', and other pages as files"
        )
    return next(iter(whole), file.pages[0])


def decode_tiff(path: str | Path, most: int) -> npt.NDArray[np.float32]:
    """Reads the first page of a TIFF, past thumbnails.

    Args:
        path: The file.
        most: The most pixels that are decoded.

    Returns:
        Float32 (1 or 3, H, W) in [0, 1]; alpha is dropped, the orientation is applied.

    Raises:
        ImageError: It is of a kind that is not read, or its values leave their range.
    """
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = _page(path, file)  # of a type that differs between releases of tifffile
        if page.imagewidth * page.imagelength > most:
            raise PillowImage.DecompressionBombError
        planes = 3 if page.photometric == _RGB else 1
        _check_kind(path, page, planes)
        raw = _samples(path, page)
        orientation = int(page.tags.valueof(_ORIENTATION, default=1))
        inverted = page.photometric == _WHITE_IS_ZERO
        stated = _stated_white(page)
    image = _scaled(path, raw[:planes], page.bitspersample, stated)
    if inverted:
        image = 1 - image
    return np.ascontiguousarray(upright(image, orientation), dtype=np.float32)


def _check_kind(path: str | Path, page: Any, planes: int) -> None:
    kind = f"{path} is a TIFF of {page.bitspersample} bits"
    advice = "convert it to RGB or grey, as PNG"
    if page.photometric not in (_WHITE_IS_ZERO, _GREY, _RGB):
        name = getattr(page.photometric, "name", page.photometric)
        raise ImageError(f"{kind} in {name}, which is not read; {advice}")
    if page.dtype is None or page.dtype.kind not in "uif" or page.imagedepth != 1:
        raise ImageError(f"{kind} whose samples are no real numbers of a plane; {advice}")
    if (turn := int(page.tags.valueof(_ORIENTATION, default=1))) > 8:
        raise ImageError(f"{kind} whose orientation is {turn}: 1 to 8 are known; {advice}")
    extra = tuple(int(sample) for sample in page.extrasamples)
    if page.samplesperpixel - planes not in (0, 1) or any(e not in _MASKS for e in extra):
        raise ImageError(
            f"{kind} with {page.samplesperpixel} samples a pixel (extra samples: {extra}), which "
            f"is not read: one or three, with one alpha that is not multiplied in, are; {advice}"
        )


def _samples(path: str | Path, page: Any) -> npt.NDArray[Any]:
    """The stored samples (C, H, W)."""
    try:
        raw = np.asarray(page.asarray())
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        return _samples_of_opencv(path, page)
    height, width, samples = page.imagelength, page.imagewidth, page.samplesperpixel
    if page.planarconfig == 1:
        return raw.reshape(height, width, samples).transpose(2, 0, 1)
    return raw.reshape(samples, height, width)


def _samples_of_opencv(path: str | Path, page: Any) -> npt.NDArray[Any]:
    """As `_samples`, for LZW and others that tifffile needs imagecodecs for."""
    import cv2

    name = getattr(page.compression, "name", page.compression)
    turned = int(page.tags.valueof(_ORIENTATION, default=1)) != 1
    samples = page.samplesperpixel
    pixels = None
    if page.planarconfig == 1 and not turned and page.bitspersample in (16, 32):
        pixels = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != page.dtype or pixels.size != np.prod(page.shape):
        raise ImageError(
            f"{path} is a TIFF of {page.dtype} compressed by {name}, which is read with the "
            "package imagecodecs: install it, or save the file without compression"
        )
    planes: npt.NDArray[Any] = pixels.reshape(page.imagelength, page.imagewidth, samples).transpose(
        2, 0, 1
    )
    return planes if samples < 3 else planes[[2, 1, 0]]


def _stated_white(page: Any) -> int | None:
    """What a file says is white: `MaxSampleValue` is, where it is the most that some bits hold.

    Others write their largest sample there, which says nothing of white.
    """
    found = page.tags.valueof(_MOST, default=0)
    most = {int(value) for value in (found if isinstance(found, tuple) else (found,))}
    white = most.pop() if len(most) == 1 else 0
    return white if white >= 255 and white & (white + 1) == 0 else None


IF_DARK = "scale its values, or save it as PNG of 8 bits; if it is this dark, as TIFF of floats"
"""What to do with 16 bits that are `too_dark`, in a format that states no white."""


def too_dark(high: float, bits: int, *, lossy: bool = False) -> bool:
    """Whether whole numbers of 16 bits or more, of which `high` is the largest, look like fewer.

    They use no more than a sixteenth of what they could, 12 bits where there is a sign, or just
    fill 14 bits: scaled by what their type holds, they would be a dark picture.

    Args:
        high: The largest.
        bits: What they could use.
        lossy: Whether they may have been rounded beyond their white (measured: by an eighth).
    """
    over = 1.15 if lossy else 1.0
    just_14_bits = 2**14 - 2**10 < high < over * 2**14
    return bits > 14 and high > 0 and (high < over * max(2 ** (bits - 4), 2**12) or just_14_bits)


def _scaled(
    path: str | Path, raw: npt.NDArray[Any], bits: int, stated: int | None
) -> npt.NDArray[np.float32]:
    if not np.isfinite(raw).all():
        return raw.astype(np.float32)  # the caller counts them
    low, high = raw.min(), raw.max()
    kind = raw.dtype.kind
    white = 1 if kind == "f" else 2 ** (bits - (kind == "i")) - 1
    if stated and kind != "f" and high <= stated <= white:
        white = stated
    elif kind != "f" and too_dark(high, bits):
        raise ImageError(
            f"{path} holds {raw.dtype} from {low:,} to {high:,}, where 0 is black and {white:,} is "
            "white: it would be a wrong picture; scale its values, or state the white that they "
            f"have in the tag MaxSampleValue (281): 4095 of 12 bits, {white} where it is this dark"
        )
    if low < 0 or high > white:
        raise ImageError(
            f"{path} holds {raw.dtype} from {low:g} to {high:g}, where 0 is black and {white:,} is "
            "white: it would be a wrong picture; scale its values, or save it as PNG"
        )
    # 16 bits are divided in float32, as those of PNG files are
    scaled: npt.NDArray[np.float32] = np.divide(
        raw, white, dtype=np.float32 if bits <= 16 else np.float64, casting="unsafe"
    ).astype(np.float32)
    return scaled


def upright(image: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Turns (C, H, W) as the tag `Orientation` (1 to 8) says; others turn nothing."""
    if 5 <= orientation <= 8:
        image = image.transpose(0, 2, 1)
    if orientation in (3, 4, 7, 8):
        image = image[:, ::-1]
    return image[:, :, ::-1] if orientation in (2, 3, 6, 7) else image
