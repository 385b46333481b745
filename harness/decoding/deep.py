"""PNG, PPM, JPEG 2000 and AVIF files of more than 8 bits for each of several colours."""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from harness.decoding.tiff import IF_DARK, too_dark, upright
from harness.errors import ImageError

_ORIENTATION = 0x0112  # of EXIF


_SIXTEEN = re.compile(r"(RGB[AX]?|LA?);16")  # and not BMP's BGR;16, which is 5, 6 and 5 bits
_TURNED = re.compile(rb"....(irot|imir)", re.DOTALL)
_HEAD = 2**16


def is_deep(path: str | Path, file: PillowImage.Image) -> bool:
    """Whether a file has more than 8 bits for each of several colours, of which Pillow keeps eight.

    Raises:
        ImageError: It has a number of bits that neither decoder keeps.
    """
    _check_decoder(path, file)
    bits = _bits(path, file)
    return bits > 8 or (
        file.mode in ("RGB", "RGBA", "LA")
        and any(
            _SIXTEEN.match(str(tile[3])) or _maximum(tile[3]) > 255
            for tile in getattr(file, "tile", ())
        )
    )


def _check_decoder(path: str | Path, file: PillowImage.Image) -> None:
    """Refuses what Pillow reads with 8 bits, and OpenCV not at all, and what it would clip."""
    for decoder, _, start, arguments in getattr(file, "tile", ()):
        if decoder == "ppm":
            _check_samples(path, file, start, arguments[1])
        what = ""
        if decoder == "SGI16" or (decoder == "sgi_rle" and arguments[2] == 2):
            what = "an SGI file of 16 bits"
        if decoder == "bcn" and arguments[0] == 6:
            what = "a DDS file of floats"
        if what:
            raise ImageError(f"{path} is {what}, which is not read: save it as PNG of 16 bits")


def _check_samples(path: str | Path, file: PillowImage.Image, start: int, maximum: int) -> None:
    """Refuses a PGM or PPM file with samples above what its head says is white."""
    count = file.width * file.height * len(file.getbands())
    word = np.dtype(">u2" if maximum > 255 else "u1")
    high = np.fromfile(path, word, count, offset=start).max(initial=0)
    if high > maximum:
        raise ImageError(
            f"{path} holds values up to {high}, where its head says that {maximum} is white: it "
            "would be a wrong picture; write the head anew, or save it as PNG"
        )


def _bits(path: str | Path, file: PillowImage.Image) -> int:
    """How many bits a sample has, as the head of a JPEG 2000 or AVIF file says; else 8."""
    if file.format not in ("JPEG2000", "AVIF"):
        return 8
    with Path(path).open("rb") as opened:
        head = opened.read(_HEAD)
    if file.format == "AVIF":
        place = head.find(b"av1C")
        flags = head[place + 6] if 0 <= place < len(head) - 6 else 0
        bits = 8 if not flags & 0x40 else 12 if flags & 0x20 else 10
        is_read = bits == 8 or not _TURNED.search(head)
    else:
        size = head.find(b"\xff\x4f\xff\x51")
        planes = head[size + 41] if size >= 0 else 0
        sizes = {head[size + 42 + 3 * plane] for plane in range(planes)}
        bits = max(sizes, default=7) + 1
        is_read = sizes in ({7}, {15})  # a sign would be 128 more
    if not is_read:
        raise ImageError(
            f"{path} is a {file.format} file of {bits % 128} bits for a sample, of other bits in "
            "each plane, with a sign, or turned, which is not read: save it as PNG"
        )
    return 8 if bits == 16 and file.mode == "I;16" else bits


def _maximum(arguments: object) -> int:
    """What a PPM says is white; 0 for other formats."""
    match arguments:
        case ("RGB", int(maximum)):
            return maximum
    return 0


def why_unknown(path: str | Path) -> str | None:
    """Why Pillow knows a file as no image, where it is one: JPEG of 12 bits, colour PFM."""
    with Path(path).open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PF\n"):
        return f"{path} is a PFM file of colours, which is not read: save it as TIFF or PNG"
    found = re.search(rb"\xff[\xc0-\xc3\xc9].{2}(.)", head, re.DOTALL)
    if not head.startswith(b"\xff\xd8") or not found or found[1] == b"\x08":
        return None
    return f"{path} is a JPEG of {found[1][0]} bits, which is not read: save it as PNG of 16 bits"


def why_damaged(path: str | Path, error: Exception) -> str:
    """What is wrong with a file that a decoder stopped at, and what to do."""
    try:
        with Path(path).open("rb") as file:
            begins = file.read(64)
    except OSError as denied:  # a folder, or in the place of one a file
        return f"cannot be read as an image: {denied.strerror}"
    if not begins.strip(b"\0"):
        said = "it is empty or begins with zeros, as what was not written whole; copy it again"
    elif isinstance(error, UnidentifiedImageError):
        said = str(error)
    else:
        said = f"it is cut short or damaged ({' '.join(str(error).split())}); copy it again"
    return f"cannot be read as an image: {said}"


def decode_deep(path: str | Path, file: PillowImage.Image) -> npt.NDArray[np.float32]:
    """Reads such a file: float32 (1 or 3, H, W) in [0, 1], upright, without alpha."""
    import cv2

    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    maximum = max(_maximum(tile[3]) for tile in getattr(file, "tile", []))
    file.load()  # says what is wrong with a damaged file, and forgets its `tile`
    content = np.fromfile(path, dtype=np.uint8)
    if file.format == "PNG" and b"IEND\xaeB\x60\x82" not in content[-65536:].tobytes():
        raise ImageError(f"{path} is cut short: it lacks the end of a PNG file; copy it again")
    pixels = cv2.imdecode(content, flags)
    if not maximum:
        maximum = 2 ** _bits(path, file) - 1 if file.format == "AVIF" else 65535
    if pixels is None or pixels.dtype != np.uint16 or pixels.max() > maximum:
        raise ImageError(f"{path} cannot be read as an image of more than 8 bits")
    lossy = file.format == "JPEG2000"
    if maximum == 65535 and too_dark(int(pixels.max()), 16, lossy=lossy):
        raise ImageError(
            f"{path} holds values from {pixels.min()} to {pixels.max()}, where 0 is black and "
            f"65535 is white: it would be a wrong picture; {IF_DARK}"
        )
    planes = pixels[..., ::-1].transpose(2, 0, 1)[: 1 if file.mode in ("L", "LA") else 3]
    planes = upright(planes, file.getexif().get(_ORIENTATION, 1))
    return np.ascontiguousarray(planes).astype(np.float32) / np.float32(maximum)
