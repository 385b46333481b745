"""Images on disk. Degraded images and references are shared by all runs and named by their content."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harness.atomic import atomic_file
from harness.errors import ImageError
from harness.images import Image, check_image, image_hash, quantise, read_image, write_image
from harness.protocols import Conditions, DegradedSet


def cache_folder() -> Path:
    """Where shared images lie: `RESTOBENCH_IMAGE_CACHE`, or `images` in `RESTOBENCH_CACHE` or the user's cache."""
    override = os.environ.get("RESTOBENCH_IMAGE_CACHE")
    if override:
        return Path(override)
    root = os.environ.get("RESTOBENCH_CACHE")
    if root:
        return Path(root) / "images"
    import platformdirs

    return Path(platformdirs.user_cache_dir("restobench")) / "images"


def save_array(image: Image, stem: Path) -> Path:
    """Writes an image so that reading gives back the very same values: PNG if it has 8 bits, `.npy` if not.

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


def safe_name(name: str) -> str:
    """Turns any name into one file or folder name that cannot leave its folder; different names stay different."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")[:80]
    if safe == name:
        return safe
    return f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class StoredSample:
    """One sample whose images lie in the cache.

    Attributes:
        degraded: File with the exact degraded image.
        degraded_sha256: Its pixel hash.
        reference: File with the exact reference, or `None`.
        reference_sha256: Its pixel hash, or `None`.
        conditions: What is known of this image, but for its mask.
        mask: File with the mask (1, H, W), 1 where pixels are missing, or `None`.
    """

    set: str
    image: str
    degraded: Path
    degraded_sha256: str
    reference: Path | None
    reference_sha256: str | None
    conditions: Conditions
    mask: Path | None = None


def materialise(degraded_set: DegradedSet, image: str, previews: Path) -> StoredSample:
    """Makes one sample, puts its images into the shared cache by content, and PNG previews into the run.

    Args:
        degraded_set: Where the sample comes from.
        image: The sample's id.
        previews: Folder of the run's previews; gets `<image>-degraded.png` and
            `<image>-reference.png`.

    Raises:
        HarnessError: The set cannot deliver the sample, or delivers something that is no image.
    """
    sample = degraded_set.sample(image)
    check_image(sample.degraded, f"degraded image {image!r} of {degraded_set.name}")
    stem = previews / safe_name(image)
    previews.mkdir(parents=True, exist_ok=True)
    degraded, degraded_sha256 = _share(sample.degraded)
    write_image(stem.with_name(stem.name + "-degraded.png"), sample.degraded)
    reference, reference_sha256 = None, None
    if sample.reference is not None:
        check_image(sample.reference, f"reference {image!r} of {degraded_set.name}")
        reference, reference_sha256 = _share(sample.reference)
        write_image(stem.with_name(stem.name + "-reference.png"), sample.reference)
    conditions = degraded_set.conditions if sample.conditions is None else sample.conditions
    mask = None
    if conditions.mask is not None:
        mask, _ = _share(conditions.mask[None].astype(np.float32))
        conditions = replace(conditions, mask=None)
    return StoredSample(
        degraded_set.name,
        image,
        degraded,
        degraded_sha256,
        reference,
        reference_sha256,
        conditions,
        mask,
    )


def _share(image: Image) -> tuple[Path, str]:
    digest = image_hash(image)
    stem = cache_folder() / digest[:2] / digest
    for suffix in (".png", ".npy"):
        path = stem.with_name(stem.name + suffix)
        if path.is_file():
            return path, digest
    return save_array(image, stem), digest
