"""PNG files of 8 bits, encoded six to nine times as quickly as by Pillow.

Other encoders try five filters on every row and search for repetitions. Photographs have few: one
filter, and ISA-L's quick deflate, make files that are 2 to 6 % larger (docs/decisions/0013).
"""

import struct
import zlib

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_COLOUR_TYPES = {1: 0, 3: 2}
_SUB = 1
_LEVEL = 2


def encode_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encodes an image without loss.

    Args:
        pixels: (H, W, C), one grey plane or RGB.

    Returns:
        The bytes of a PNG file.
    """
    height, width, planes = pixels.shape
    rows = pixels.reshape(height, width * planes)
    # each row: the filter's number, then each byte less the one of the pixel to its left
    filtered = np.empty((height, 1 + width * planes), np.uint8)
    filtered[:, 0] = _SUB
    filtered[:, 1 : 1 + planes] = rows[:, :planes]
    np.subtract(rows[:, planes:], rows[:, :-planes], out=filtered[:, 1 + planes :])
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[planes], 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"IDAT", isal_zlib.compress(filtered, _LEVEL)),
        (b"IEND", b""),
    )
    return SIGNATURE + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
