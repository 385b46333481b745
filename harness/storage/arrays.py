"""Images as files that give back the very same values."""

from pathlib import Path

import numpy as np

from harness.atomic import atomic_file
from harness.errors import ImageError
from harness.images import Image, check_image, quantise, read_image, write_image


def save_array(image: Image, stem: Path) -> Path:
    """Writes an image so that reading gives back the very same values.

    It is a PNG if 8 bits hold it, and `.npy` if not.

    Args:
        image: Float32 (C, H, W).
        stem: The path without its suffix.

    Returns:
        The file that was written; whole or not at all.
    """
    stem.parent.mkdir(parents=True, exist_ok=True)
    if np.array_equal(quantise(image), image):
        path = stem.with_name(stem.name + ".png")
        write_image(path, image)
        return path
    path = stem.with_name(stem.name + ".npy")
    with atomic_file(path) as partial, partial.open("wb") as file:
        np.save(file, image, allow_pickle=False)
    return path


def load_array(path: Path) -> Image:
    """Reads what `save_array` wrote.

    Raises:
        ImageError: The file is gone or damaged.
    """
    if path.suffix == ".png":
        return read_image(path)
    try:
        return check_image(np.load(path, allow_pickle=False), str(path))
    except (OSError, ValueError) as error:
        raise ImageError(f"{path} cannot be read: {error}") from error
