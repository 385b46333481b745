"""The `Image` contract, and what every part of the harness does with images.

That is: reading, writing, quantising, luma, resizing.

An image is a numpy float32 array (C, H, W): RGB (C = 3) or one grey plane (C = 1), which *is* Y.
References and restored images lie in [0, 1]; degraded ones may lie outside (convention E).
"""

import hashlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageOps, UnidentifiedImageError

from harness.atomic import atomic_file
from harness.decoding.arrays import decode_array
from harness.decoding.deep import decode_deep, is_deep, why_damaged, why_unknown
from harness.decoding.tiff import IF_DARK, decode_tiff, is_plain, is_tiff, too_dark
from harness.errors import ImageError
from harness.formats import lies_in_place
from harness.png import encode_png, read_png

Image = npt.NDArray[np.float32]
Mode = Literal["auto", "rgb", "grey"]

MAX_PIXELS = 178_956_970
"""Larger files are refused before they are decoded: a small one can claim what fills the memory."""

# BT.601, limited ("studio") range: what MATLAB's rgb2ycbcr and the field's scripts use
# (docs/conventions.md, B and C).
_LUMA = np.array([65.481, 128.553, 24.966], dtype=np.float64)


def check_image(image: object, what: str = "image") -> Image:
    """Checks that an object is an `Image` with finite values.

    Args:
        image: Anything.
        what: What to call it in the message.

    Returns:
        The same array.

    Raises:
        ImageError: It is not a finite float32 array (1 or 3, H, W) with at least one pixel.
    """
    if not isinstance(image, np.ndarray):
        raise ImageError(
            f"{what} is a {type(image).__name__}; expected a numpy array float32 (3, H, W)"
        )
    # a plain array is none: `np.ma` takes 7 ms when it is first looked at
    if type(image) is not np.ndarray and isinstance(image, np.ma.MaskedArray):
        masked = int(np.sum(np.ma.getmaskarray(image)))
        raise ImageError(
            f"{what} is a masked array with {masked} masked values, which are no pixels: give a "
            "plain one, image.filled(0.5)"
        )
    if image.dtype != np.float32:
        scaled = " / 255" if image.dtype == np.uint8 else ""
        raise ImageError(
            f"{what} has dtype {image.dtype}; expected float32: use image.astype('float32'){scaled}"
        )
    if image.ndim != 3 or image.shape[0] not in (1, 3) or image.size == 0:
        raise ImageError(
            f"{what} has shape {image.shape}; expected (3, H, W) or (1, H, W), not empty"
        )
    if not np.isfinite(image).all():
        raise ImageError(
            f"{what} has {int((~np.isfinite(image)).sum())} values that are NaN or infinite"
        )
    return image


def read_image(path: str | Path, *, mode: Mode = "auto") -> Image:
    """Reads an image file.

    EXIF rotation is applied; alpha is dropped; palettes and CMYK become RGB; 16 bits keep their
    depth.

    Args:
        path: The file.
        mode: `auto` keeps grey files as one plane; `rgb` repeats the plane; `grey` takes Y
            (rounded) of colour files.

    Returns:
        Float32 (3, H, W) or (1, H, W) in [0, 1]; of a .npy file, which holds such an array, its own
        values.

    Raises:
        ImageError: The file is missing, is no image, is damaged, or is larger than `MAX_PIXELS`.
    """
    try:
        image = _decode_file(path)
    except ImageError:
        raise
    except PillowImage.DecompressionBombError:
        raise ImageError(f"{path} has more than {MAX_PIXELS:,} pixels; cut it into parts") from None
    except FileNotFoundError:
        raise ImageError(f"{path} does not exist") from None
    # Pillow's decoders raise many types, SyntaxError and struct.error among them
    except Exception as error:
        raise ImageError(f"{path} {lies_in_place(path) or why_damaged(path, error)}") from error
    return as_mode(image, mode)


def as_mode(image: Image, mode: Mode) -> Image:
    """Brings an image to a mode.

    Args:
        image: (3, H, W) or (1, H, W).
        mode: `auto` leaves it as it is; `rgb` repeats a grey plane; `grey` takes Y, rounded, of
            colour.
    """
    if mode == "rgb":
        return to_rgb(image)
    return to_luma(image, "rounded") if mode == "grey" else image


def _decode_file(path: str | Path) -> Image:
    match Path(path).suffix.lower():
        case ".npy":
            return check_image(decode_array(Path(path), MAX_PIXELS), str(path))
        case ".png" if (pixels := read_png(Path(path), MAX_PIXELS)) is not None:
            return from_uint8(pixels)
    try:
        with (
            # Pillow warns from half the limit on
            warnings.catch_warnings(action="ignore", category=PillowImage.DecompressionBombWarning),
            PillowImage.open(path) as file,
        ):
            if file.width * file.height > MAX_PIXELS:
                raise PillowImage.DecompressionBombError
            if is_plain(file):
                return decode_deep(path, file) if is_deep(path, file) else _decode(path, file)
    except UnidentifiedImageError:
        if why := why_unknown(path):
            raise ImageError(why) from None
        if not is_tiff(path):
            raise
    return check_image(decode_tiff(path, MAX_PIXELS), str(path))


def _decode(path: str | Path, file: PillowImage.Image) -> Image:
    if file.format == "TIFF":
        # a file that Pillow maps into memory is read with the size it has once it is turned
        setattr(file, "filename", "")  # noqa: B010 - declared by some file types alone
    ImageOps.exif_transpose(file, in_place=True)
    if file.mode.startswith("I") or file.mode == "F":
        white = 1.0 if file.mode == "F" else 65535.0
        image = (np.asarray(file, dtype=np.float64)[None] / white).astype(np.float32)
        check_image(image, str(path))
        lossy = file.format == "JPEG2000"
        dark = white > 1 and too_dark(float(image.max()) * white, 16, lossy=lossy)
        if image.min() < 0 or image.max() > 1 or dark:
            raise ImageError(
                f"{path} holds values from {image.min() * white:g} to {image.max() * white:g}, "
                f"where 0 is black and {white:g} is white: it would be a wrong picture; "
                + (IF_DARK if dark else "scale its values, or save it as PNG")
            )
        return image
    if file.mode in ("1", "L", "LA"):
        return from_uint8(np.asarray(file if file.mode == "L" else file.convert("L"))[..., None])
    return from_uint8(np.asarray(file if file.mode == "RGB" else file.convert("RGB")))


def write_image(path: str | Path, image: Image) -> None:
    """Writes a PNG of 8 bits: values are clipped to [0, 1] and rounded.

    The file appears whole or not at all.
    """
    with atomic_file(Path(path)) as partial:
        partial.write_bytes(encode_png(to_uint8(image)))


def from_uint8(pixels: npt.NDArray[np.uint8]) -> Image:
    """Turns (H, W, C) bytes into a float32 (C, H, W) image in [0, 1]."""
    # planes of bytes first: numbers that lie apart are converted half as quickly
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return np.divide(planes, np.float32(255), dtype=np.float32)


def to_uint8(image: Image) -> npt.NDArray[np.uint8]:
    """Clips to [0, 1], rounds to 8 bits and returns (H, W, C)."""
    pixels = np.empty((*image.shape[1:], image.shape[0]), np.uint8)
    for plane, rows in _strips(image):
        pixels[rows, :, plane] = levels(image[plane, rows])
    return pixels


@np.errstate(invalid="ignore", over="ignore")  # what is no byte becomes any, and is found out
def exact_uint8(image: Image) -> npt.NDArray[np.uint8] | None:
    """The bytes (H, W, C) that hold exactly the values of an image, if there are."""
    pixels = np.empty((*image.shape[1:], image.shape[0]), np.uint8)
    for plane, rows in _strips(image):
        strip = image[plane, rows]
        nearest = strip * np.float32(255)
        nearest += np.float32(0.5)
        found = nearest.astype(np.uint8)
        np.divide(found, np.float32(255), out=nearest)
        # -0.0 equals 0.0, and has another hash: the bits decide
        if not np.array_equal(nearest.view(np.uint32), strip.view(np.uint32)):
            return None
        pixels[rows, :, plane] = found
    return pixels


def _strips(image: Image) -> Iterator[tuple[int, slice]]:
    """Planes, and some rows of each at a time, which stay in the processor's cache."""
    planes, height, width = image.shape
    step = max(1, 2**16 // width)
    for plane in range(planes):
        yield from ((plane, slice(top, top + step)) for top in range(0, height, step))


def quantise(image: Image) -> Image:
    """Clips to [0, 1] and rounds to the 256 levels of an 8-bit file; the shape stays."""
    rounded = levels(image)
    return np.divide(rounded, np.float32(255), out=rounded)


def levels(image: Image) -> Image:
    """Clips to [0, 1] and rounds to 0 to 255 in float32, with a single copy of the image."""
    found: Image = np.clip(image, 0, 1, dtype=np.float32)
    found *= np.float32(255)
    return np.rint(found, out=found)


def to_rgb(image: Image) -> Image:
    """Returns (3, H, W): a grey plane is repeated."""
    return np.repeat(image, 3, axis=0) if image.shape[0] == 1 else image


def to_luma(image: Image, rounding: Literal["float", "rounded"] = "float") -> Image:
    """Takes Y of BT.601 in limited range.

    It is (16 + 65.481 R + 128.553 G + 24.966 B) / 255 for R, G, B in [0, 1].

    Args:
        image: (3, H, W), or (1, H, W), which is Y already and is returned as it is.
        rounding: `rounded` rounds Y to whole levels of 0-255, as MATLAB does for uint8 input.

    Returns:
        (1, H, W) in [16/255, 235/255].
    """
    if image.shape[0] == 1:
        return image
    found = np.empty((1, *image.shape[1:]), np.float32)
    for plane, rows in _strips(found):
        luma = np.tensordot(_LUMA, image[:, rows].astype(np.float64), axes=1)
        luma += 16.0
        if rounding == "rounded":
            np.rint(luma, out=luma)
        np.divide(luma, 255.0, out=found[plane, rows], casting="same_kind")
    return found


def crop_border(image: Image, border: int) -> Image:
    """Cuts `border` pixels from each side.

    Raises:
        ImageError: Nothing would be left.
    """
    if border == 0:
        return image
    if min(image.shape[1:]) <= 2 * border:
        raise ImageError(
            f"an image of {image.shape[2]}x{image.shape[1]} has nothing left after a border of "
            f"{border}"
        )
    return image[:, border:-border, border:-border]


def crop_to_multiple(image: Image, multiple: int) -> Image:
    """Cuts right and bottom so that height and width are multiples of `multiple`."""
    height, width = (side - side % multiple for side in image.shape[1:])
    if not height or not width:
        raise ImageError(
            f"an image of {image.shape[2]}x{image.shape[1]} is smaller than the multiple {multiple}"
        )
    return image[:, :height, :width]


def image_hash(image: Image) -> str:
    """SHA-256 over the shape and the exact float32 values: what a set's fingerprint is made of."""
    digest = hashlib.sha256(repr(image.shape).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def content_key(image: Image) -> str:
    """16 hex digits that tell an image by its RGB pixels, for `Metric.trained_on`."""
    return image_hash(to_rgb(image))[:16]
