"""What a sample is made of, hashed without making it."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

import xxhash

from harness.errors import HarnessError
from harness.plugins.fingerprints import code_hash
from harness.plugins.source import OURS
from harness.protocols import DegradedSet, Origins
from harness.storage.provenance import installed_versions

PIXEL_PACKAGES = ("numpy", "opencv-python-headless", "pillow", "scikit-image", "scipy", "tifffile")
"""Distributions whose versions may change a pixel."""

# what of the engine makes a sample besides the plugins: reading, resizing, drawing, chaining
_ENGINE = (
    "harness.images",
    "harness.png",
    "harness.decoding.deep",
    "harness.decoding.tiff",
    "harness.resizing",
    "harness.chain",
    "harness.set_identity",
    "harness.conditions",
)


def sample_key(degraded_set: DegradedSet, image: str) -> str | None:
    """What decides the pixels of a sample: recipe, code, versions, and the source's content.

    Args:
        degraded_set: The set. One without `origins` does not say.
        image: The sample's id.

    Returns:
        64 hex digits, or `None` where it is not known; the sample then has to be made.
    """
    find = getattr(degraded_set, "origins", None)
    if find is None:
        return None
    try:
        origins: Origins = find(image)
        contents = [_content(path) for path in origins.files]
        said = _describe(degraded_set)
    except (HarnessError, OSError, TypeError, ValueError):
        return None  # whoever makes the sample says what is wrong
    code = _code(tuple(sorted({type(part).__module__ for part in origins.parts})))
    if code is None:
        return None
    parts = (degraded_set.name, image, said, *contents, *origins.facts, code)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


_described: dict[int, tuple[DegradedSet, str]] = {}
"""What the sets of this process say of themselves: each is asked once, not once an image."""


def _describe(degraded_set: DegradedSet) -> str:
    known = _described.get(id(degraded_set))
    if known is None:
        known = degraded_set, json.dumps(degraded_set.describe(), sort_keys=True)
        _described[id(degraded_set)] = known
    return known[1]


def _content(path: Path) -> str:
    """The hash of a file's bytes; many sets share their sources."""
    status = path.stat()
    return _hash_file(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


@lru_cache(maxsize=4096)
def _hash_file(path: Path, *_status: int) -> str:
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


@lru_cache
def _code(modules: tuple[str, ...]) -> str | None:
    """What the code of modules means, or `None`: it may import what nobody can name.

    The package of somebody else has to be installed, for its version tells what lies beside it.
    """
    others = sorted({module.partition(".")[0] for module in modules} - set(OURS))
    versions = installed_versions([*PIXEL_PACKAGES, *others])
    if not set(others) <= versions.keys():
        return None
    hashes = [code_hash(module) for module in (*_ENGINE, *modules)]
    return json.dumps([hashes, versions], sort_keys=True)
