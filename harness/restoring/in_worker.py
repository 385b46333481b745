"""A restorer in worker processes of its own.

Whatever it does there becomes a typed row, never the end of the run.
"""

import gc
import math
import os
import resource
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import count
from pathlib import Path

from harness.conditions import Conditions
from harness.errors import DamagedImageError, ImageError, RestorationError, describe_error
from harness.images import Image, to_uint8
from harness.plugins.specification import RestorerSpec
from harness.protocols import Restorer
from harness.restoring.adaptation import AloneError, restore_images
from harness.restoring.build import build_restorer
from harness.restoring.measuring import restore_measured
from harness.restoring.operations import Counted, Shape, known_operations
from harness.results import FailureKind, Spent
from harness.storage.images.arrays import ImageFile
from harness.storage.images.handover import Handover, hand_over
from harness.tiling import is_out_of_memory
from harness.workers.confinement import EXIT_MEMORY, go_to_own_folder, in_users_folder
from harness.workers.costs import Packages, count_flops, held_mib, runs_modules
from harness.workers.pool import Trouble


@dataclass(frozen=True, slots=True)
class RestoreTask:
    """One cell's work for a worker.

    Attributes:
        degraded: The degraded image.
        mask: The mask that belongs to `conditions`, or `None`.
        fresh: The degraded image's pixels, where they have just been made: nobody decodes them.
        handover: Where to leave the restored pixels, for the process that keeps and scores them.
        quantise: Whether the restored image is rounded to 8 bits, as a file would be.
        counted: The operations that other workers have counted for this restorer and scale.
        timeout: Seconds after which the worker is killed; `None`: it has all the time.
    """

    spec: RestorerSpec
    device: str
    degraded: ImageFile
    conditions: Conditions
    mask: ImageFile | None
    fresh: Handover | None
    handover: Path
    quantise: bool
    counted: Counted = field(default_factory=dict)
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Restoration:
    """A cell that worked: its pixels, and what it cost.

    Attributes:
        busy: The share of its time in which this machine's processors worked for it: little where a
            GPU, a server or a clock is waited for.
        counted: The operations that were counted for it, where they did not follow from others.
    """

    pixels: Handover
    spent: Spent
    busy: float
    counted: Counted


@dataclass(frozen=True, slots=True)
class Alone:
    """Why a restorer's images are restored one by one, whatever they are."""

    reason: str


KEPT_MIB = 64.0
"""A restorer that keeps so much of earlier images is built anew for another set."""


@dataclass(slots=True)
class Loaded:
    """A restorer in its worker, and what is known of it so far.

    Attributes:
        packages: What the worker holds besides the restorer.
        set: Whose images it restores.
        held_mib: What the worker held before its first cell.
        cells: Numbers the cells that it restores.
        runs_torch: Scale -> whether it runs torch modules; a scale that is here is warmed up.
        counted: Scale -> the floating-point operations that were counted.
        tiled: Shape and tile -> operations of images that were restored in tiles, of which nothing
            follows for others.
        agreed: Scales at which a batch was seen to be what its images are alone.
    """

    restorer: Restorer
    packages: Packages
    set: str = ""
    held_mib: float = math.inf
    cells: Iterator[int] = field(default_factory=count)
    runs_torch: dict[int, bool] = field(default_factory=dict)
    counted: defaultdict[int, dict[Shape, int | None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    tiled: dict[tuple[int, Shape, int], int | None] = field(default_factory=dict)
    agreed: list[int] = field(default_factory=list)

    def restore(self, images: Sequence[Image], conditions: Sequence[Conditions]) -> list[Image]:
        """Restores images; a restorer that forks comes back twice, and the child ends here."""
        worker = os.getpid()
        try:
            return restore_images(self.restorer, images, conditions)
        finally:
            if os.getpid() != worker:
                os._exit(0)

    def warm_up(self, image: Image, conditions: Conditions) -> None:
        """Restores a corner, once a scale."""
        if conditions.scale not in self.runs_torch:
            corner, known = image[:, :64, :64].copy(), conditions.corner(64)
            self.runs_torch[conditions.scale] = runs_modules(
                lambda: self.restore([corner], [known])
            )

    def count_operations(
        self, image: Image, conditions: Conditions, tile: int | None, seconds: float
    ) -> int | None:
        """Operations of an image that was restored, counted where they are not known.

        Args:
            image: The degraded image.
            conditions: What is known of it.
            tile: The side of the tiles that it was restored in; `None`: as a whole.
            seconds: How long counting may take.
        """
        counted, shape = self.counted[conditions.scale], image.shape
        if not self.runs_torch[conditions.scale]:
            return None

        def count() -> int | None:
            return count_flops(lambda: self.restore([image], [conditions]), seconds)

        if tile is not None:
            known = conditions.scale, shape, tile
            if known not in self.tiled:
                self.tiled[known] = count()
            return self.tiled[known]
        if shape not in counted:
            if (follows := known_operations(shape, counted)) is not None:
                return follows
            counted[shape] = count()
        return counted[shape]


@lru_cache(maxsize=1)
def load_restorer(spec: RestorerSpec, device: str) -> Loaded:
    """Builds a restorer once a worker, in the folder that the user works in."""
    with in_users_folder(), (packages := _packages(device)):
        return Loaded(build_restorer(spec, device), packages)


@lru_cache(maxsize=1)
def _packages(device: str) -> Packages:
    return Packages(device)


def _load_for(task: RestoreTask) -> Loaded:
    """The restorer of a task.

    Some libraries keep the memory of an image for the next one (ncnn, onnxruntime): what the images
    of another set took must not be counted for those of this one.
    """
    loaded, name = load_restorer(task.spec, task.device), task.conditions.set_name or ""
    if loaded.set not in ("", name) and held_mib() > loaded.held_mib + KEPT_MIB:
        del loaded
        load_restorer.cache_clear()
        gc.collect()
        loaded = load_restorer(task.spec, task.device)
    loaded.set = name
    return loaded


def restore_cell(task: RestoreTask) -> Restoration | Trouble | DamagedImageError:
    """Restores one image; runs in a worker, and never raises.

    The restorer is loaded once a process and warmed up on a corner of the image, so that the
    seconds of a cell are those of `restore` alone. Where memory runs out, the worker ends
    (`harness.workers.confinement.EXIT_MEMORY`).

    Returns:
        The pixels; or why there are none; or which image of the harness's own has to be made again.
    """
    found = restore_cells([task])
    if isinstance(found, Alone):  # which is said of batches
        return Trouble(FailureKind.INVALID, found.reason)
    return found[0] if isinstance(found, list) else found


def restore_cells(
    tasks: Sequence[RestoreTask],
) -> list[Restoration] | Alone | Trouble | DamagedImageError:
    """As `restore_cell`, for images of one size, set and scale as a batch.

    Returns:
        The pixels of each; or why there are none of any.
    """
    go_to_own_folder()
    try:
        loaded = _load_for(tasks[0])
    except BaseException as error:  # a third party's code may raise SystemExit as well
        return _trouble(FailureKind.LOAD, error)
    try:
        return _restore(tasks, loaded)
    except AloneError as error:
        return Alone(describe_error(error))
    except DamagedImageError as error:
        return error
    except RestorationError as error:
        return Trouble(FailureKind.INVALID, describe_error(error))
    except ImageError as error:
        return Trouble(FailureKind.SAMPLE, describe_error(error))
    except BaseException as error:
        return _trouble(FailureKind.RAISED, error)


def _restore(tasks: Sequence[RestoreTask], loaded: Loaded) -> list[Restoration]:
    begun, images = time.monotonic(), [_degraded(task) for task in tasks]
    known = [told(task) for task in tasks]
    counted = loaded.counted[known[0].scale]
    with loaded.packages:  # many a restorer imports them when it is first called
        loaded.warm_up(images[0], known[0])
    if math.isinf(loaded.held_mib):
        loaded.held_mib = held_mib()
    worked = _processor_seconds()
    restored, spent = restore_measured(
        loaded.restore, images, known, tasks[0].device, loaded.packages.mib, loaded.agreed
    )
    busy = (_processor_seconds() - worked) / max(spent.seconds * spent.batch, 1e-6)
    spent = replace(spent, cold=next(loaded.cells) == 0)
    found = []
    for task, image, conditions, pixels in zip(tasks, images, known, restored, strict=True):
        counted.update(task.counted)
        # what is restored must not be lost over what it cost
        left = (task.timeout or math.inf) - (time.monotonic() - begun)
        flops = loaded.count_operations(image, conditions, spent.tile, max(left / 2, 0))
        new = {image.shape: counted[image.shape]} if image.shape in counted else {}
        cost = replace(spent, flops=flops)
        found.append(Restoration(leave(task, pixels), cost, busy, new))
    return found


def told(task: RestoreTask) -> Conditions:
    """What a restorer is told of the image of a task."""
    if task.mask is None:
        return task.conditions
    return replace(task.conditions, mask=task.mask.read()[0] > 0.5)


def leave(task: RestoreTask, restored: Image) -> Handover:
    """Leaves a restored image where the task wants it."""
    return hand_over(to_uint8(restored) if task.quantise else restored, task.handover)


def _degraded(task: RestoreTask) -> Image:
    if task.fresh is not None:
        with suppress(DamagedImageError):  # another restorer was quicker, and it is gone
            return task.fresh.read()
    return task.degraded.read()


def _processor_seconds() -> float:
    """Of this process, and of the children that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(item.ru_utime + item.ru_stime for item in used)


def _trouble(kind: FailureKind, error: BaseException) -> Trouble:
    """What went wrong; where it is memory, this worker ends, with all that its restorer holds."""
    message = describe_error(error)
    if is_out_of_memory(error):
        os.write(2, f"\n{message.splitlines()[0]}\n".encode())
        os._exit(EXIT_MEMORY)
    return Trouble(kind, message)
