"""Degraded images and references on disk: shared by all runs, named by content, checked when read.

What a sample was made of leads to a *pin*: a small file that says which images came of it, so that
nothing is degraded twice.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from harness.atomic import atomic_file
from harness.conditions import Conditions, kernel_of
from harness.decoding.arrays import check_white
from harness.errors import HarnessError
from harness.images import Image, check_image, exact_uint8, image_hash
from harness.protocols import DegradedSet, Sample
from harness.storage.images.arrays import ImageFile, quick_hash, save_array
from harness.storage.images.decoded import decoded
from harness.storage.images.handover import Handover, hand_over
from harness.storage.places import cache_folder

_SHA256 = re.compile("[0-9a-f]{64}")
_SUFFIXES = (".png", ".npy")

_MOST = 4096
"""Images that a process remembers to have written."""


@dataclass(frozen=True, slots=True)
class StoredSample:
    """One sample whose images lie in the cache.

    Attributes:
        degraded: The exact degraded image.
        reference: The exact reference, or `None`.
        conditions: What is known of this image, but for its mask.
        mask: The mask (1, H, W), 1 where pixels are missing, or `None`.
        fresh: The degraded pixels, where this start of a run has just made them; they are there
            until somebody has restored them.
    """

    set: str
    image: str
    degraded: ImageFile
    reference: ImageFile | None
    conditions: Conditions
    mask: ImageFile | None = None
    fresh: Handover | None = None

    def files(self) -> tuple[ImageFile, ...]:
        """Its images, each once."""
        return tuple(
            file for file in (self.degraded, self.reference, self.mask) if file is not None
        )


def make_sample(
    degraded_set: DegradedSet, image: str, *, damaged: bool = False, fresh: Path | None = None
) -> StoredSample:
    """Makes one sample, and writes its images into the cache.

    Images that are there already are written again, unless this process has written them: that
    costs less than to find out whether they are whole.

    Args:
        degraded_set: Where the sample comes from.
        image: The sample's id.
        damaged: Whether the images that are there are known to be damaged.
        fresh: Where to leave the degraded pixels, for who restores them next.

    Raises:
        HarnessError: The set cannot deliver the sample, or delivers something that is no image.
    """
    if damaged:
        _written.clear()
    sample = _checked(degraded_set, image)
    known = sample.conditions
    conditions = degraded_set.conditions if known is None else replace(known, mask=None)
    mask = None if known is None or known.mask is None else known.mask[None].astype(np.float32)
    degraded, levels = _share(sample.degraded)
    reference, mask_file = (
        None if pixels is None else _share(pixels)[0] for pixels in (sample.reference, mask)
    )
    left = sample.degraded if levels is None else levels
    handed = None if fresh is None else hand_over(left, fresh)
    images = degraded, reference, conditions, mask_file, handed
    return StoredSample(degraded_set.name, image, *images)


def _checked(degraded_set: DegradedSet, image: str) -> Sample:
    sample = degraded_set.sample(image)
    for kind, pixels in (("degraded", sample.degraded), ("reference", sample.reference)):
        if pixels is not None:
            what = f"{kind} image {image!r} of {degraded_set.name}"
            check_white(check_image(pixels, what), what)
    return sample


def find_sample(degraded_set: DegradedSet, image: str, key: str) -> StoredSample | None:
    """A sample whose images were made before, as far as its pin knows; nothing is decoded.

    The images themselves are checked by whoever reads them (`ImageFile.read`).
    """
    path = _pin_path(key)
    if not path.is_file():  # it may be a pipe, which would be waited for
        return None
    try:
        check, _, text = path.read_text(encoding="utf-8").partition("\n")
        pinned = json.loads(text)
        if check != _check(key, text) or pinned["set"] != degraded_set.name:
            return None
        files = {kind: _found(pinned[kind]) for kind in ("degraded", "reference", "mask")}
        degraded = files["degraded"]
        if degraded is None:
            return None
        conditions = _conditions(pinned["conditions"])
    except (OSError, ValueError, TypeError, KeyError, HarnessError):
        return None
    return StoredSample(
        degraded_set.name, image, degraded, files["reference"], conditions, files["mask"]
    )


def _share(image: Image) -> tuple[ImageFile, npt.NDArray[np.uint8] | None]:
    """Writes an image into the cache, under its hash; returns the 8 bits that hold it as well."""
    sha256, levels = image_hash(image), exact_uint8(image)
    known = _written.get(sha256)
    if known is not None and known[1] == _status(known[0].path):
        return known[0], levels
    path = save_array(image, cached_path(sha256, ""), levels)
    file = ImageFile(path, sha256, quick_hash(image))
    decoded.keep(file, image, levels)  # whoever scores in this process will not decode it
    if len(_written) >= _MOST:
        _written.clear()
    _written[sha256] = file, _status(file.path)
    return file, levels


_written: dict[str, tuple[ImageFile, tuple[int, ...] | None]] = {}
"""What this process has written, and how the file looked then: many sets share their references."""


def _status(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def cached_path(sha256: str, suffix: str) -> Path:
    """Where an image lies in the cache."""
    return Path(f"{cache_folder()}/{sha256[:2]}/{sha256}{suffix}")


def find_image(sha256: str) -> ImageFile | None:
    """An image in the cache by the hash of its pixels, against which it is checked when read."""
    if not _SHA256.fullmatch(sha256):
        return None
    for suffix in _SUFFIXES:
        path = cached_path(sha256, suffix)
        if path.is_file():
            return ImageFile(path, sha256)
    return None


def begin_pins() -> bool:
    """Makes room for pins; says whether an earlier version left images, without saying of what."""
    folder = cache_folder()
    earlier = folder.is_dir() and not (folder / "pins").is_dir() and any(folder.glob("??/*"))
    if earlier:
        (folder / "pins").mkdir()
    return earlier


def _pin_path(key: str) -> Path:
    return Path(f"{cache_folder()}/pins/{key[:2]}/{key}.json")


def pin_sample(key: str, made: StoredSample) -> None:
    """Pins a sample, so that `find_sample` finds it.

    Args:
        key: What it was made of (`harness.plugins.sample_keys`), before and after it was made.
        made: The sample.
    """
    pinned = {
        "set": made.set,
        "degraded": _as_json(made.degraded),
        "reference": _as_json(made.reference),
        "mask": _as_json(made.mask),
        "conditions": made.conditions.as_json(),
    }
    try:
        text = json.dumps(pinned)
    except (TypeError, ValueError):  # a third party's conditions: its samples are made each time
        return
    path = _pin_path(key)
    with suppress(OSError):  # without a pin the sample is made anew the next time
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as partial:
            partial.write_text(f"{_check(key, text)}\n{text}", encoding="utf-8")


def _check(key: str, text: str) -> str:
    """Tells a damaged pin, and one that lies in another's place."""
    return xxhash.xxh3_64_hexdigest((key + text).encode())


def _as_json(file: ImageFile | None) -> dict[str, str] | None:
    if file is None:
        return None
    return {"suffix": file.path.suffix, "sha256": file.sha256, "checksum": file.checksum}


def _found(pinned: Mapping[str, str] | None) -> ImageFile | None:
    if pinned is None:
        return None
    sha256, suffix, checksum = pinned["sha256"], pinned["suffix"], pinned["checksum"]
    if not _SHA256.fullmatch(sha256) or suffix not in _SUFFIXES or not checksum:
        raise ValueError("no image of the cache")
    return ImageFile(cached_path(sha256, suffix), sha256, checksum)


def _conditions(said: Mapping[str, Any]) -> Conditions:
    """Conditions out of what `Conditions.as_json` has made of them."""
    kernel = said.get("kernel")
    known = {
        **said,
        "kernel": None if kernel is None else kernel_of(kernel),
        "per_image": tuple(said.get("per_image", ())),
    }
    return Conditions(**known)
