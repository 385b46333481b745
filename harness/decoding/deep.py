"""PNG, PPM and other files of 16 bits for each of several colours."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from harness.decoding.tiff import upright
from harness.errors import ImageError

_ORIENTATION = 0x0112  # of EXIF


def is_deep(file: PillowImage.Image) -> bool:
    """Whether a file has 16 bits for each of several colours: Pillow would keep the upper eight."""
    return file.mode in ("RGB", "RGBA", "LA") and any(
        ";16" in str(tile[3]) or _maximum(tile[3]) > 255 for tile in getattr(file, "tile", ())
    )


def _maximum(arguments: object) -> int:
    """What a PPM says is white; 0 for other formats."""
    match arguments:
        case ("RGB", int(maximum)):
            return maximum
    return 0


def decode_deep(path: str | Path, file: PillowImage.Image) -> npt.NDArray[np.float32]:
    """Reads such a file: float32 (1 or 3, H, W) in [0, 1], upright, without alpha."""
    import cv2

    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    pixels = cv2.imdecode(np.fromfile(path, dtype=np.uint8), flags)
    maximum = max(_maximum(tile[3]) for tile in getattr(file, "tile", [])) or 65535
    if pixels is None or pixels.dtype != np.uint16 or pixels.max() > maximum:
        raise ImageError(f"{path} cannot be read as an image of 16 bits")
    planes = pixels[..., ::-1].transpose(2, 0, 1)[: 1 if file.mode == "LA" else 3]
    planes = upright(planes, file.getexif().get(_ORIENTATION, 1))
    return np.ascontiguousarray(planes).astype(np.float32) / np.float32(maximum)
