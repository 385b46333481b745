"""Images as numpy saves them: what `restobench degrade` writes where 8 bits would not hold it."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.format import MAGIC_PREFIX

from harness.errors import ImageError
from harness.formats import lies_in_place

BEYOND = 4.0
"""No picture whose white is 1 has such a mean."""


def decode_array(path: Path, max_pixels: int) -> npt.NDArray[Any]:
    """Reads a .npy file; nothing in it is unpickled.

    Args:
        path: The file.
        max_pixels: Larger ones are refused before they are read.

    Raises:
        ImageError: It is damaged, holds objects, has more pixels, or white is 255 in it.
    """
    try:
        # mapped: a header that promises more than the file holds takes no memory
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        with path.open("rb") as file:
            is_array = file.read(len(MAGIC_PREFIX)) == MAGIC_PREFIX
        # numpy's advice for what is no array is to unpickle it
        why = f"cannot be read as a numpy array: {error}" if is_array else "is no numpy array"
        raise ImageError(f"{path} {lies_in_place(path) or why}") from error
    if not isinstance(found, np.ndarray) or found.size > 3 * max_pixels:
        raise ImageError(f"{path} is no array of at most {max_pixels:,} pixels")
    return check_white(np.array(found), str(path))


def check_white(pixels: npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    """Refuses floats whose white is 255, or 65535: their scores would be wrong ones.

    What noise, or light beyond white, makes of a picture has no such mean.

    Args:
        pixels: Of an image in which white should be 1; whole numbers are another's to refuse.
        what: What to call it in the message.

    Raises:
        ImageError: Their mean is that far beyond white.
    """
    if pixels.dtype.kind != "f" or not pixels.size or not pixels.max() > BEYOND:
        return pixels  # no mean is beyond what nothing is beyond: the maximum costs a fifth
    if pixels.mean(dtype=np.float64) > BEYOND:
        raise ImageError(
            f"{what} holds values from {pixels.min():g} to {pixels.max():g}, where 0 is black and "
            "1 is white: it would be a wrong picture; divide it by 255, or by what its white is"
        )
    return pixels
