"""One image through a restorer of this process: no worker, no pickle, and nothing left changed."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import DamagedImageError, ImageError, RestorationError, describe_error
from harness.images import to_uint8
from harness.protocols import Restorer
from harness.recording import recording
from harness.restoring.adaptation import restore_image
from harness.restoring.build import seed_everything
from harness.restoring.in_worker import Restoration, RestoreTask
from harness.results import FailureKind
from harness.storage.images.decoded import decoded
from harness.storage.images.handover import hand_over
from harness.tiling import is_out_of_memory
from harness.workers.costs import measure
from harness.workers.pool import Trouble

if TYPE_CHECKING:
    import torch


def restore_here(
    restorer: Restorer, task: RestoreTask, *, cold: bool, raising: bool
) -> Restoration | Trouble | DamagedImageError:
    """Restores one image as a worker does, seeds included, without its warm-up.

    Memory is not measured beyond its growth: what else this process holds is not the restorer's.

    Args:
        restorer: One that has been built.
        task: What to restore; its specification is not looked at.
        cold: Whether it is the restorer's first image.
        raising: Whether what the restorer raises goes through.

    Returns:
        As of `harness.restoring.in_worker.restore_cell`.
    """
    try:
        return _restore(restorer, task, cold)
    except DamagedImageError as error:
        return error
    except (Exception, SystemExit) as error:  # a worker would not end the caller's program either
        if raising:
            raise
        return Trouble(_kind(error), describe_error(error))


def _kind(error: BaseException) -> FailureKind:
    if isinstance(error, RestorationError):
        return FailureKind.INVALID
    if isinstance(error, ImageError):
        return FailureKind.SAMPLE
    return FailureKind.MEMORY if is_out_of_memory(error) else FailureKind.RAISED


def _restore(restorer: Restorer, task: RestoreTask, cold: bool) -> Restoration:
    image, conditions = decoded.read(task.degraded), task.conditions
    if task.mask is not None:
        conditions = replace(conditions, mask=decoded.read(task.mask)[0] > 0.5)
    seed_everything()
    with recording() as how:
        restored, spent = measure(
            lambda: restore_image(restorer, image, conditions, trained=False), task.device
        )
    height, width = image.shape[1:]
    spent = replace(
        spent,
        peak_mib=None,
        tile=how.tile,
        precision=how.precision,
        height=height,
        width=width,
        fell_back=how.fell_back,
        cold=cold,
    )
    pixels = to_uint8(restored) if task.quantise else restored
    return Restoration(hand_over(pixels, task.handover), spent, 1.0, {})


@contextmanager
def put_back(*modules: "torch.nn.Module") -> Iterator[None]:
    """Puts modules into evaluation mode; puts back modes and all randomness afterwards.

    Args:
        modules: Each part of one gets the mode back that it had.
    """
    modes = [(part, part.training) for module in modules for part in module.modules()]
    states = random.getstate(), np.random.get_state(), _torch_states()
    try:
        for module in modules:
            module.eval()
        yield
    finally:
        for part, mode in modes:
            part.training = mode
        random.setstate(states[0])
        np.random.set_state(states[1])
        _set_torch_states(states[2])


def _torch_states() -> Any:
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    on_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    return torch.get_rng_state(), on_gpus


def _set_torch_states(states: Any) -> None:
    if states is None:
        return
    torch = sys.modules["torch"]
    torch.set_rng_state(states[0])
    if states[1] is not None:
        torch.cuda.set_rng_state_all(states[1])
