"""Degraded images and references on disk: shared by all runs, and named by their content."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harness.images import Image, check_image, image_hash, write_image
from harness.protocols import Conditions, DegradedSet
from harness.storage.arrays import save_array
from harness.storage.places import cache_folder, preview


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


def materialise(degraded_set: DegradedSet, image: str, run_folder: Path) -> StoredSample:
    """Makes one sample: images for the shared cache, by content, and PNG previews for the run.

    Args:
        degraded_set: Where the sample comes from.
        image: The sample's id.
        run_folder: Gets the previews.

    Raises:
        HarnessError: The set cannot deliver the sample, or delivers something that is no image.
    """
    sample, name = degraded_set.sample(image), degraded_set.name

    def keep(pixels: Image, kind: str) -> tuple[Path, str]:
        check_image(pixels, f"{kind} image {image!r} of {name}")
        shown = run_folder / preview(name, image, kind)
        shown.parent.mkdir(parents=True, exist_ok=True)
        write_image(shown, pixels)
        return _share(pixels)

    degraded = keep(sample.degraded, "degraded")
    no_reference: tuple[Path | None, str | None] = (None, None)
    reference = no_reference if sample.reference is None else keep(sample.reference, "reference")
    conditions = degraded_set.conditions if sample.conditions is None else sample.conditions
    mask = None
    if conditions.mask is not None:
        mask, _ = _share(conditions.mask[None].astype(np.float32))
        conditions = replace(conditions, mask=None)
    return StoredSample(name, image, *degraded, *reference, conditions, mask)


def _share(image: Image) -> tuple[Path, str]:
    digest = image_hash(image)
    stem = cache_folder() / digest[:2] / digest
    for suffix in (".png", ".npy"):
        path = stem.with_name(stem.name + suffix)
        if path.is_file():
            return path, digest
    return save_array(image, stem), digest
