"""A restorer in worker processes of its own: whatever it does there becomes a typed row, never the end of the run."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import HarnessError, ImageError, RestorationError
from harness.images import Image, image_hash, quantise
from harness.plugins import RestorerSpec
from harness.protocols import Conditions, DegradedSet, Restorer, RestorerCard
from harness.recording import recording
from harness.restoring.adaptation import restore_image
from harness.restoring.probing import wrong_range
from harness.results import FailureKind
from harness.storage.samples import load_array, save_array
from harness.tiling import is_out_of_memory
from harness.workers.confinement import go_to_own_folder, in_users_folder
from harness.workers.costs import count_flops, measure, runs_modules
from harness.workers.pool import EXIT_MEMORY, Trouble


@dataclass(frozen=True, slots=True)
class RestoreTask:
    """One cell's work for a worker.

    Attributes:
        degraded: File of the degraded image.
        mask: File of the mask that belongs to `conditions`, or `None`.
        stem: Where to write the restored image, without suffix.
        quantise: Whether the restored image is rounded to 8 bits, as a file would be.
    """

    spec: RestorerSpec
    device: str
    degraded: Path
    conditions: Conditions
    mask: Path | None
    stem: Path
    quantise: bool


@dataclass(frozen=True, slots=True)
class Restoration:
    """A cell that worked: the file, its pixel hash, and what `harness.results.Timing` says of it."""

    path: Path
    sha256: str
    seconds: float
    peak_mib: float
    cuda_mib: float | None
    flops: int | None
    tile: int | None
    precision: str
    fell_back: bool


_loaded: dict[tuple[RestorerSpec, str], Restorer] = {}
_runs_torch: dict[tuple[RestorerSpec, str, int], bool] = {}
_flops: dict[tuple[RestorerSpec, str, int, tuple[int, ...]], int | None] = {}


def restore_cell(task: RestoreTask) -> Restoration | Trouble:
    """Restores one image; runs in a worker, and never raises.

    The restorer is loaded once a process and warmed up on a corner of the image, so that the
    seconds of a cell are those of `restore` alone. Where memory runs out, the worker ends
    (`harness.workers.pool.EXIT_MEMORY`).
    """
    go_to_own_folder()
    try:
        restorer = build_restorer(task.spec, task.device)
    except BaseException as error:  # a third party's code may raise SystemExit as well
        return _trouble(FailureKind.LOAD, error)
    try:
        image, conditions = load_array(task.degraded), task.conditions
        if task.mask is not None:
            conditions = replace(conditions, mask=load_array(task.mask)[0] > 0.5)
        flops = _operations(task, restorer, image, conditions)
        _seed()
        with recording() as recorded:
            restored, spent = measure(lambda: _restore(restorer, image, conditions), task.device)
        if task.quantise:
            restored = quantise(restored)
        return Restoration(
            path=save_array(restored, task.stem),
            sha256=image_hash(restored),
            seconds=spent.seconds,
            peak_mib=spent.peak_mib,
            cuda_mib=spent.cuda_mib,
            flops=flops,
            tile=recorded.tile,
            precision=recorded.precision,
            fell_back=recorded.fell_back,
        )
    except RestorationError as error:
        return Trouble(FailureKind.INVALID, str(error))
    except ImageError as error:
        return Trouble(FailureKind.SAMPLE, str(error))
    except BaseException as error:
        return _trouble(FailureKind.RAISED, error)


def build_restorer(spec: RestorerSpec, device: str) -> Restorer:
    """Builds a restorer once a worker, in the folder that the user works in; another one takes its place."""
    if (spec, device) not in _loaded:
        _loaded.clear()
        with in_users_folder():
            _loaded[spec, device] = spec.build(device)
    return _loaded[spec, device]


def _restore(restorer: Restorer, image: Image, conditions: Conditions) -> Image:
    worker = os.getpid()
    try:
        return restore_image(restorer, image, conditions)
    finally:
        if os.getpid() != worker:  # a restorer that forks comes back twice
            os._exit(0)


def _seed() -> None:
    """Makes what a restorer draws depend on no cell before this one."""
    import random

    import numpy as np
    import torch

    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


def _trouble(kind: FailureKind, error: BaseException) -> Trouble:
    """What went wrong; where it is memory, this worker ends, and with it all that its restorer holds."""
    if is_out_of_memory(error):
        os.write(2, f"\n{_say(error).splitlines()[0]}\n".encode())
        os._exit(EXIT_MEMORY)
    return Trouble(kind, _say(error))


def _operations(
    task: RestoreTask, restorer: Restorer, image: Image, conditions: Conditions
) -> int | None:
    """Warms the restorer up on a corner, once a scale, and counts the operations of this shape, once a shape."""
    warm = (task.spec, task.device, conditions.scale)
    if warm not in _runs_torch:
        corner = image[:, :64, :64].copy()
        _runs_torch[warm] = runs_modules(lambda: _restore(restorer, corner, conditions.corner(64)))
    if not _runs_torch[warm]:
        return None
    key = (*warm, image.shape)
    if key not in _flops:
        _flops[key] = count_flops(lambda: _restore(restorer, image, conditions))
    return _flops[key]


def describe_restorer(
    spec: RestorerSpec, sets: tuple[DegradedSet, ...]
) -> tuple[RestorerCard, dict[str, str | None]] | Trouble:
    """Builds a restorer and asks for its card and why it cannot be run on each set; runs in a worker."""
    try:
        restorer = _loaded[spec, "cpu"] = spec.build("cpu")
        return restorer.card, {item.name: restorer.supports(item) for item in sets}
    except BaseException as error:
        return Trouble(FailureKind.LOAD, _say(error))


def probe_restorer(spec: RestorerSpec) -> str | None:
    """What `probing.wrong_range` says of a restorer that `describe_restorer` has built; runs in the same worker."""
    try:
        return wrong_range(_loaded.get((spec, "cpu")) or spec.build("cpu"))
    except BaseException:  # what a restorer does to its worker is for its cells to tell
        return None


def _say(error: BaseException) -> str:
    return (
        str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"[:2000]
    )
