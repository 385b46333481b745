"""Finds shared images by the hash of their pixels."""

import re
from pathlib import Path

from harness.storage.places import cache_folder

_SHA256 = re.compile(r"[0-9a-f]{64}")


def find_image(sha256: str) -> Path | None:
    """The file of the cache with these pixels, exact; `None` where this machine has none.

    Args:
        sha256: `harness.images.image_hash` of the pixels; anything else is in no cache.
    """
    if not _SHA256.fullmatch(sha256):
        return None
    found = (cache_folder() / sha256[:2]).glob(f"{sha256}*")
    return next((path for path in sorted(found) if path.suffix in (".png", ".npy")), None)
