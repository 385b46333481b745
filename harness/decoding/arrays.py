"""Images as numpy saves them: what `restobench degrade` writes where 8 bits would not hold it."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import ImageError


def decode_array(path: Path, max_pixels: int) -> npt.NDArray[Any]:
    """Reads a .npy file; nothing in it is unpickled.

    Args:
        path: The file.
        max_pixels: Larger ones are refused before they are read.

    Raises:
        ImageError: It is damaged, holds objects, or has more pixels.
    """
    try:
        # mapped: a header that promises more than the file holds takes no memory
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise ImageError(f"{path} cannot be read as a numpy array: {error}") from error
    if not isinstance(found, np.ndarray) or found.size > 3 * max_pixels:
        raise ImageError(f"{path} is no array of at most {max_pixels:,} pixels")
    return np.array(found)
