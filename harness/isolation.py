"""A restorer in worker processes of its own: whatever it does there becomes a typed row, never the end of the run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from harness.adaptation import restore_image
from harness.cache import load_array, save_array
from harness.errors import HarnessError, ImageError, RestorationError
from harness.images import Image, image_hash, quantise
from harness.measuring import count_flops, measure, runs_modules
from harness.plugins import RestorerSpec
from harness.probing import wrong_range
from harness.protocols import Conditions, DegradedSet, Restorer, RestorerCard
from harness.recording import recording
from harness.results import FailureKind

EXIT_IN_CELL = 71


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


@dataclass(frozen=True, slots=True)
class Trouble:
    """A cell that did not."""

    kind: FailureKind
    message: str


class WorkerPool:
    """Worker processes that are replaced when they hang or die.

    Args:
        workers: How many processes at most.
    """

    def __init__(self, workers: int) -> None:
        context: Any = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["numpy", "torch", "harness.isolation"])
        self._make = partial(
            ProcessPool, max_workers=workers, initializer=start_worker, initargs=(os.getpid(),), context=context
        )
        self._pool = self._make()

    def submit(self, function: Callable[..., Any], *arguments: object, timeout: float | None = None) -> Future[Any]:
        """Runs a function in a worker; the worker is killed when it takes longer than `timeout` seconds."""
        try:
            future: Future[Any] = self._pool.schedule(function, args=list(arguments), timeout=timeout)
        except RuntimeError:  # every worker died at once, and the pool with them
            self.close(kill=True)
            self._pool = self._make()
            future = self._pool.schedule(function, args=list(arguments), timeout=timeout)
        return future

    def close(self, *, kill: bool = False) -> None:
        """Ends the workers, at once if `kill`."""
        if kill:
            self._pool.stop()  # type: ignore[no-untyped-call]  # pebble is half annotated
        else:
            self._pool.close()  # type: ignore[no-untyped-call]
        self._pool.join()


def outcome(future: Future[Any], timeout: float | None) -> Any:
    """What a finished future returned, or the `Trouble` that its worker ran into."""
    try:
        return future.result()
    except TimeoutError:
        return Trouble(FailureKind.TIMEOUT, f"no result within {timeout:g} s; the worker was stopped")
    except ProcessExpired as error:
        return Trouble(FailureKind.CRASHED, f"the worker process died with exit code {error.exitcode}")
    except CancelledError:
        raise
    except Exception as error:  # the result could not be brought back from the worker
        return Trouble(FailureKind.CRASHED, f"{type(error).__name__}: {error}")


def start_worker(parent: int) -> None:
    """Prepares a worker: one thread, silent output, and an end when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    import torch

    torch.set_num_threads(1)
    with suppress(ImportError):
        import cv2

        cv2.setNumThreads(1)
    # what a restorer prints must not flood the terminal or break --json
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os._exit = _exit  # type: ignore[assignment]
    threading.Thread(target=_die_with, args=(parent,), daemon=True).start()


_leave = os._exit
_busy = False


def _exit(code: int) -> None:
    """`os._exit` for workers: one that leaves in the middle of a cell must not look like one that is done."""
    _leave(code or (EXIT_IN_CELL if _busy else 0))


def _die_with(parent: int) -> None:
    while True:
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            os._exit(1)
        time.sleep(1)


_loaded: dict[tuple[RestorerSpec, str], Restorer] = {}
_runs_torch: dict[tuple[RestorerSpec, str, int], bool] = {}
_flops: dict[tuple[RestorerSpec, str, int, tuple[int, ...]], int | None] = {}


def restore_cell(task: RestoreTask) -> Restoration | Trouble:
    """Restores one image; runs in a worker, and never raises.

    The restorer is loaded once a process and warmed up on a corner of the image, so that the seconds of a cell are
    those of `restore` alone.
    """
    global _busy
    _busy = True
    try:
        return _restore_cell(task)
    finally:
        _busy = False


def _restore_cell(task: RestoreTask) -> Restoration | Trouble:
    try:
        restorer = _load(task.spec, task.device)
    except BaseException as error:  # a third party's code may raise SystemExit as well
        return Trouble(FailureKind.LOAD, _say(error))
    try:
        image, conditions = load_array(task.degraded), task.conditions
        if task.mask is not None:
            conditions = replace(conditions, mask=load_array(task.mask)[0] > 0.5)
        flops = _operations(task, restorer, image, conditions)
        with recording() as recorded:
            measured = measure(lambda: restore_image(restorer, image, conditions), task.device)
        restored = quantise(measured.value) if task.quantise else measured.value
        return Restoration(
            path=save_array(restored, task.stem),
            sha256=image_hash(restored),
            seconds=measured.seconds,
            peak_mib=measured.peak_mib,
            cuda_mib=measured.cuda_mib,
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
        return Trouble(FailureKind.RAISED, _say(error))


def _load(spec: RestorerSpec, device: str) -> Restorer:
    if (spec, device) not in _loaded:
        _loaded.clear()
        _loaded[spec, device] = spec.build(device)
    return _loaded[spec, device]


def _operations(task: RestoreTask, restorer: Restorer, image: Image, conditions: Conditions) -> int | None:
    """Warms the restorer up on a corner, once a scale, and counts the operations of this shape, once a shape."""
    warm = (task.spec, task.device, conditions.scale)
    if warm not in _runs_torch:
        corner = image[:, :64, :64].copy()
        _runs_torch[warm] = runs_modules(lambda: restore_image(restorer, corner, conditions.corner(64)))
    if not _runs_torch[warm]:
        return None
    key = (*warm, image.shape)
    if key not in _flops:
        _flops[key] = count_flops(lambda: restore_image(restorer, image, conditions))
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
    return str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"[:2000]
