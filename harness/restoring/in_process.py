"""One image through a restorer of this process: no worker, no pickle, and nothing left changed."""

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import DamagedImageError, ImageError, RestorationError, describe_error
from harness.protocols import Restorer
from harness.restoring.adaptation import AloneError, restore_images
from harness.restoring.in_worker import Alone, Restoration, RestoreTask, leave
from harness.restoring.measuring import restore_measured
from harness.results import FailureKind
from harness.storage.images.decoded import decoded
from harness.tiling import is_out_of_memory
from harness.workers.pool import Trouble

if TYPE_CHECKING:
    import torch


def restore_here(
    restorer: Restorer,
    tasks: Sequence[RestoreTask],
    agreed: list[int],
    *,
    cold: bool,
    raising: bool,
) -> list[Restoration] | Alone | Trouble | DamagedImageError:
    """Restores one image or a batch as a worker does, seeds included, without its warm-up.

    Memory is not measured beyond its growth: what else this process holds is not the restorer's.

    Args:
        restorer: One that has been built.
        tasks: What to restore; their specification is not looked at.
        agreed: As of `harness.restoring.measuring.restore_measured`.
        cold: Whether it is the restorer's first call.
        raising: Whether what the restorer raises of a single image goes through.

    Returns:
        As of `harness.restoring.in_worker.restore_cells`.
    """
    try:
        return _restore(restorer, tasks, agreed, cold)
    except DamagedImageError as error:
        return error
    except AloneError as error:
        return Alone(describe_error(error))
    except (Exception, SystemExit) as error:  # a worker would not end the caller's program either
        if raising and len(tasks) == 1:
            raise
        return Trouble(_kind(error), describe_error(error))


def _kind(error: BaseException) -> FailureKind:
    if isinstance(error, RestorationError):
        return FailureKind.INVALID
    if isinstance(error, ImageError):
        return FailureKind.SAMPLE
    return FailureKind.MEMORY if is_out_of_memory(error) else FailureKind.RAISED


def _restore(
    restorer: Restorer, tasks: Sequence[RestoreTask], agreed: list[int], cold: bool
) -> list[Restoration]:
    images = [decoded.read(task.degraded) for task in tasks]
    known = [
        task.conditions
        if task.mask is None
        else replace(task.conditions, mask=decoded.read(task.mask)[0] > 0.5)
        for task in tasks
    ]
    restore = partial(restore_images, restorer, trained=False)
    restored, spent = restore_measured(restore, images, known, tasks[0].device, 0.0, agreed)
    spent = replace(spent, peak_mib=None, cold=cold)
    pairs = zip(tasks, restored, strict=True)
    return [Restoration(leave(task, pixels), spent, 1.0, {}) for task, pixels in pairs]


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
