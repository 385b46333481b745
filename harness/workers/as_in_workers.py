"""This process as a worker is, whatever its user has set: threads, precision, what numpy raises.

Scores are the same to the last digit wherever they are measured. What is put back afterwards is the
user's own.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

_ALONE = threading.RLock()

_THREADED = (
    ("torch", "get_num_threads", "set_num_threads"),
    ("cv2", "getNumThreads", "setNumThreads"),
)
_VARIABLE = "OMP_NUM_THREADS"
_NUMPY: dict[str, Any] = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
"""What numpy does about a result that is no number, unless somebody has told it otherwise."""


@contextmanager
def as_in_workers() -> Iterator[None]:
    """One thread, and nothing of autocast, default types and devices, or numpy's `seterr`.

    Sums over several threads, or in another precision, end in other last digits. What is not
    imported here yet has nothing set. All this belongs to the whole process: another thread that
    comes here waits.
    """
    with _ALONE, ExitStack() as afterwards:
        for module, get, limit in _THREADED:
            if loaded := sys.modules.get(module):
                afterwards.callback(getattr(loaded, limit), getattr(loaded, get)())
                getattr(loaded, limit)(1)
        # for what a metric imports when it is called
        afterwards.callback(_set_variable, os.environ.get(_VARIABLE))
        os.environ[_VARIABLE] = "1"
        if numpy := sys.modules.get("numpy"):
            afterwards.enter_context(numpy.errstate(**_NUMPY))
        if torch := sys.modules.get("torch"):
            _plain_torch(torch, afterwards)
        yield


def _set_variable(value: str | None) -> None:
    if value is None:
        del os.environ[_VARIABLE]
    else:
        os.environ[_VARIABLE] = value


def _plain_torch(torch: Any, afterwards: ExitStack) -> None:
    """What torch says of itself when it is imported; a network may change it once more."""
    for setting, plain in (
        ("default_dtype", torch.float32), ("float32_matmul_precision", "highest"),
    ):  # fmt: skip
        ask, tell = getattr(torch, f"get_{setting}"), getattr(torch, f"set_{setting}")
        afterwards.callback(tell, ask())
        tell(plain)
    afterwards.callback(torch.set_grad_enabled, torch.is_grad_enabled())
    if torch.is_inference_mode_enabled():  # what a metric keeps would be of no use outside of it
        afterwards.enter_context(torch.inference_mode(False))
    for device in ("cpu", "cuda"):
        if _has_autocast(torch, device):
            afterwards.enter_context(torch.autocast(device, enabled=False))
    ask = getattr(torch, "get_default_device", None)  # from torch 2.3 on
    if ask is not None and ask().type != "cpu":
        afterwards.enter_context(torch.device("cpu"))


def _has_autocast(torch: Any, device: str) -> bool:
    try:
        return bool(torch.is_autocast_enabled(device))
    except TypeError:  # before torch 2.4
        asks = {"cpu": torch.is_autocast_cpu_enabled, "cuda": torch.is_autocast_enabled}
        return bool(asks[device]())
