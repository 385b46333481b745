"""The pixels of what callers give: arrays and files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.api.arguments import path_of

if TYPE_CHECKING:
    from harness.images import Image


def pixels_of(image: Image | str | Path, name: str, what: str = "image") -> tuple[Image, str]:
    """The pixels of an array or a file, and its name: `name`, or the file's own.

    Raises:
        ImageError: It is no image, or its white is not 1; an array is called `what` then.
    """
    from harness.decoding.arrays import check_white
    from harness.images import check_image, read_image

    if isinstance(image, str | Path):
        path = path_of(image, what)
        return read_image(path), path.stem
    return check_white(check_image(image, what), what), name
