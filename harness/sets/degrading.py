"""Writes degraded images to disk.

They are the same bytes with any number of workers, in any order, and after a kill.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass

from harness.conditions import Conditions
from harness.errors import InputError, describe_error
from harness.images import (
    Image,
    Mode,
    crop_to_multiple,
    exact_uint8,
    image_hash,
    read_image,
    write_image,
)
from harness.plugins.degradation_text import Recipe
from harness.plugins.fingerprints import file_hash
from harness.plugins.sample_keys import PIXEL_PACKAGES
from harness.set_identity import sample_generator
from harness.sets.manifest import DegradedFile, Manifest, Place
from harness.storage.images.arrays import save_array
from harness.storage.provenance import installed_versions
from harness.workers.pool import Trouble, WorkerPool, outcome

# how long one image may take in a worker
SECONDS = 600.0


def describe_recipe(recipe: Recipe, mode: Mode) -> dict[str, object]:
    """What decides the pixels of a set, besides its files; kept in the manifest."""
    return {
        "name": recipe.name,
        "seed": recipe.seed,
        "mode": mode,
        "chain": recipe.chain.params["steps"],
        "chain_hash": recipe.chain.hash(),
        "conditions": recipe.chain.conditions.as_json(),
        "versions": installed_versions(PIXEL_PACKAGES),
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
            manifest.rows[row.image] = row
            if count % often == 0:
                manifest.write()
            advance(row)
    finally:
        manifest.write()


def _made(tasks: Sequence[DegradeTask], workers: int) -> Iterator[DegradedFile]:
    if workers == 1 or len(tasks) < 2:
        yield from map(degrade_file, tasks)
        return
    with WorkerPool(min(workers, len(tasks))) as pool:
        futures = {pool.submit(degrade_file, task, timeout=SECONDS): task for task in tasks}
        for future in as_completed(futures):
            result = outcome(future, SECONDS)
            if isinstance(result, Trouble):
                source = futures[future].place.source
                result = DegradedFile(source.stem, source.name, error=result.message)
            yield result


def degrade_image(recipe: Recipe, image: Image, name: str) -> tuple[Image, Image, Conditions]:
    """Degrades one image.

    Args:
        recipe: What is done, and what its randomness depends on.
        image: Float32 (C, H, W) in [0, 1].
        name: The image's, on which the randomness depends as well.

    Returns:
        The reference, which is the image cut to a multiple of the scale; the degraded image; what
        is known of it.
    """
    reference = crop_to_multiple(image, recipe.chain.conditions.scale)
    generator = sample_generator(recipe.name, name, recipe.seed)
    return reference, *recipe.chain.degrade(reference, generator)


def degrade_file(task: DegradeTask) -> DegradedFile:
    """Degrades one file exactly as a set of the same name, chain and seed does.

    It runs in a worker, and never raises.
    """
    place, source = task.place, task.place.source
    try:
        whole = read_image(source, mode=task.mode)
        reference, degraded, known = degrade_image(task.recipe, whole, source.stem)
        levels = exact_uint8(degraded)
        fitting = ".npy" if levels is None else ".png"
        if place.suffix not in (None, fitting):
            raise InputError(
                f"the degraded image needs a {fitting} file, and OUTPUT ends in {place.suffix}"
            )
        path = save_array(degraded, place.stem, levels)
        if known.mask is not None:
            place.mask.parent.mkdir(exist_ok=True)
            write_image(place.mask, known.mask[None].astype("float32"))
        return DegradedFile(
            image=source.stem,
            input=source.name,
            input_sha256=file_hash(source),
            output=path.name,
            output_sha256=file_hash(path),
            degraded_sha256=image_hash(degraded),
            reference_sha256=image_hash(reference),
            mask=f"{place.mask.parent.name}/{place.mask.name}" if known.mask is not None else None,
            conditions=known.as_json() if "kernel" in known.per_image else None,
        )
    except Exception as error:
        return DegradedFile(source.stem, source.name, error=describe_error(error))
