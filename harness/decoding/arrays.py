"""Images as numpy saves them: what `restobench degrade` writes where 8 bits would not hold it."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.format import MAGIC_PREFIX

from harness.errors import ImageError
from harness.formats import lies_in_place


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
        with path.open("rb") as file:
            is_array = file.read(len(MAGIC_PREFIX)) == MAGIC_PREFIX
        # numpy's advice for what is no array is to unpickle it
        why = f"cannot be read as a numpy array: {error}" if is_array else "is no numpy array"
        raise ImageError(f"{path} {lies_in_place(path) or why}") from error
    if not isinstance(found, np.ndarray) or found.size > 3 * max_pixels:
        raise ImageError(f"{path} is no array of at most {max_pixels:,} pixels")
    return np.array(found)
