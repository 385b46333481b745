"""Writes degraded images to disk: the same bytes with any number of workers, in any order, and after a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from harness.errors import HarnessError, InputError
from harness.images import Image, crop_to_multiple, image_hash, quantise, read_image, write_image
from harness.plugins.degradation_text import Recipe
from harness.set_identity import sample_generator
from harness.sets.manifest import DegradedFile, Manifest, Place
from harness.storage.provenance import file_hash, installed_versions
from harness.storage.samples import save_array
from harness.workers.pool import Trouble, WorkerPool, outcome

SECONDS = 600.0
"""How long one image may take in a worker."""

PACKAGES = ("numpy", "opencv-python-headless", "pillow", "scikit-image", "scipy")
"""Distributions whose versions may change a pixel."""

Mode = Literal["auto", "rgb", "grey"]


def describe_recipe(recipe: Recipe, mode: Mode) -> dict[str, Any]:
    """What decides the pixels of a set, besides its files; kept in the manifest."""
    return {
        "name": recipe.name,
        "seed": recipe.seed,
        "mode": mode,
        "chain": recipe.chain.params["steps"],
        "chain_hash": recipe.chain.hash(),
        "conditions": recipe.chain.conditions.as_json(),
        "versions": installed_versions(PACKAGES),
    }


@dataclass(frozen=True, slots=True)
class DegradeTask:
    """One image's work for a worker."""

    recipe: Recipe
    mode: Mode
    place: Place


def degrade_files(
    tasks: Sequence[DegradeTask],
    manifest: Manifest,
    *,
    workers: int = 1,
    advance: Callable[[DegradedFile], None],
) -> None:
    """Makes the images that the manifest does not hold yet, and keeps it up to date.

    Args:
        tasks: What to make.
        manifest: Of the output folder.
        workers: Processes; with 1 the work is done in this one.
        advance: Told of every image, those that were there already included.
    """
    often = max(1, len(tasks) // 50)  # the manifest of a large set is not written for every image
    missing = []
    for task in tasks:
        if manifest.is_done(task.place):
            advance(manifest.rows[task.place.source.stem])
        else:
            missing.append(task)
    try:
        for count, row in enumerate(_made(missing, workers), start=1):
            manifest.add(row)
            if count % often == 0:
                manifest.write()
            advance(row)
    finally:
        manifest.write()


def _made(tasks: Sequence[DegradeTask], workers: int) -> Iterator[DegradedFile]:
    if workers == 1 or len(tasks) < 2:
        yield from map(degrade_file, tasks)
        return
    pool = WorkerPool(min(workers, len(tasks)))
    try:
        futures = {pool.submit(degrade_file, task, timeout=SECONDS): task for task in tasks}
        for future in as_completed(futures):
            result = outcome(future, SECONDS)
            if isinstance(result, Trouble):
                source = futures[future].place.source
                result = DegradedFile(source.stem, source.name, error=result.message)
            yield result
    finally:
        pool.close(kill=True)


def degrade_file(task: DegradeTask) -> DegradedFile:
    """Degrades one file exactly as a set of the same name, chain and seed does; runs in a worker, and never raises."""
    place, recipe = task.place, task.recipe
    image, name = place.source.stem, place.source.name
    try:
        reference = crop_to_multiple(
            read_image(place.source, mode=task.mode), recipe.chain.conditions.scale
        )
        degraded, known = recipe.chain.degrade(
            reference, sample_generator(recipe.name, image, recipe.seed)
        )
        _check_suffix(degraded, place.suffix)
        path = save_array(degraded, place.stem)
        if known.mask is not None:
            place.mask.parent.mkdir(exist_ok=True)
            write_image(place.mask, known.mask[None].astype("float32"))
        return DegradedFile(
            image=image,
            input=name,
            input_sha256=file_hash(place.source),
            output=path.name,
            output_sha256=file_hash(path),
            degraded_sha256=image_hash(degraded),
            reference_sha256=image_hash(reference),
            mask=f"{place.mask.parent.name}/{place.mask.name}" if known.mask is not None else None,
            conditions=known.as_json() if "kernel" in known.per_image else None,
        )
    except HarnessError as error:
        return DegradedFile(image, name, error=str(error))
    except Exception as error:
        return DegradedFile(image, name, error=f"{type(error).__name__}: {error}"[:2000])


def _check_suffix(image: Image, suffix: str | None) -> None:
    fitting = ".png" if np.array_equal(quantise(image), image) else ".npy"
    if suffix not in (None, fitting):
        raise InputError(f"the degraded image needs a {fitting} file, and OUTPUT ends in {suffix}")
