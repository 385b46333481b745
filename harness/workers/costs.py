"""What one call costs: seconds, memory, floating-point operations. Runs in workers."""

import ctypes
import math
import platform
import resource
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from harness.results import Spent

T = TypeVar("T")
_STATUS = Path("/proc/self/status")


def measure(function: Callable[[], T], device: str) -> tuple[T, Spent]:
    """Calls a function and measures it; what it raises goes through.

    Args:
        function: What is measured.
        device: `cpu` or `cuda:N`. GPU work is asynchronous: it is waited for before and after.
    """
    cuda = _cuda(device)
    if cuda is not None:
        cuda.synchronize(device)
        cuda.reset_peak_memory_stats(device)
    before = _start_peak()
    started = time.perf_counter()
    value = function()
    if cuda is not None:
        cuda.synchronize(device)
    seconds = time.perf_counter() - started
    cuda_mib = cuda.max_memory_allocated(device) / 2**20 if cuda is not None else None
    return value, Spent(seconds, max(0.0, _peak_mib() - before), cuda_mib)


def _cuda(device: str) -> Any:
    if not device.startswith("cuda"):
        return None
    import torch

    return torch.cuda


def _start_peak() -> float:
    """Lets the kernel count the peak anew; says what the process holds now, in MiB.

    What earlier calls freed goes back to the system first: a call that takes it up again has to be
    seen to need it.
    """
    with suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:  # not Linux: the peak is that of the whole process, and only a new peak shows
        return _peak_mib()
    return status_mib("VmRSS")


def _peak_mib() -> float:
    if _STATUS.exists():
        return status_mib("VmHWM")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if platform.system() == "Darwin" else peak / 2**10


def status_mib(field: str) -> float:
    """A size that the kernel knows of this process, such as `VmRSS` or `VmData`, in MiB.

    0 where it is no Linux.
    """
    if not _STATUS.exists():
        return 0.0
    for line in _STATUS.read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 2**10
    return 0.0


def runs_modules(function: Callable[[], object]) -> bool:
    """Calls a function, and says whether it ran any torch module; what it raises is swallowed.

    One that imports torch only now is called again, watched.
    """
    if "torch" not in sys.modules:
        with suppress(Exception):
            function()
        if "torch" not in sys.modules:
            return False
    from torch.nn.modules.module import register_module_forward_pre_hook

    seen = set()
    hook = register_module_forward_pre_hook(lambda module, _inputs: seen.add(type(module)))
    with suppress(Exception):
        function()
    hook.remove()
    return bool(seen)


def count_flops(function: Callable[[], object]) -> int | None:
    """Counts the floating-point operations of the torch modules that a call runs.

    A multiply-add counts as two. Only shapes go through the modules, which costs next to nothing;
    the arrays that come out of them hold a ramp.

    Returns:
        `None` for a call that runs no torch modules, and where they cannot be counted.
    """
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    shapes, ramps = _shapes_only()
    try:
        with shapes, ramps, counter:
            function()
    except Exception:  # a network may look at values, which are not there
        return None
    return int(counter.get_total_flops()) or None


def _shapes_only() -> tuple[Any, Any]:
    """Modes under which tensors have a shape and no values."""
    import numpy as np
    import torch
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
    from torch.overrides import TorchFunctionMode

    class Ramps(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if function in (torch.Tensor.numpy, torch.Tensor.__array__) and isinstance(
                args[0], FakeTensor
            ):
                shape = tuple(args[0].shape)
                return np.linspace(0, 1, math.prod(shape), dtype=np.float32).reshape(shape)
            return function(*args, **(kwargs or {}))

    return FakeTensorMode(allow_non_fake_inputs=True), Ramps()
