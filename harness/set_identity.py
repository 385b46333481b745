"""What makes a set the same set everywhere: the source of its randomness, and its fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from harness.errors import as_utf8

if TYPE_CHECKING:
    import numpy as np


def sample_generator(set_name: str, id: str, seed: int) -> np.random.Generator:
    """The source of all randomness of one sample.

    It depends on the set's name, the sample's id and the seed alone.
    """
    import numpy as np

    key = hashlib.sha256(as_utf8(f"{set_name}\0{id}\0{seed}").encode()).digest()
    return np.random.default_rng(int.from_bytes(key[:16]))


def set_fingerprint(hashes: Iterable[tuple[str, str | None] | None]) -> str:
    """Hashes a set's pixels.

    Args:
        hashes: Of each sample in the set's order, the pixel hashes of its degraded image and its
            reference; `None` for a sample that could not be made.

    Returns:
        The first 16 hex digits of a SHA-256.
    """
    digest = hashlib.sha256()
    for pair in hashes:
        digest.update(f"{pair[0]} {pair[1]}\n".encode() if pair else b"missing\n")
    return digest.hexdigest()[:16]
