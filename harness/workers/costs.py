"""What one call costs: seconds, memory, floating-point operations. Runs in workers."""

import builtins
import ctypes
import os
import platform
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from harness.results import Spent

T = TypeVar("T")
_clock = time.perf_counter  # bound before a restorer is loaded that might replace it
_STATUS = Path("/proc/self/status")
_COUNTING_S = 120
"""Seconds that counting may take; what takes longer is not counted."""


def measure(function: Callable[[], T], device: str, packages_mib: float = 0.0) -> tuple[T, Spent]:
    """Calls a function and measures it; what it raises goes through.

    Args:
        function: What is measured.
        device: `cpu` or `cuda:N`. GPU work is asynchronous: it is waited for before and after.
        packages_mib: What this process holds for its packages: the peak is counted from there.
    """
    cuda = _cuda(device)
    if cuda is not None:
        cuda.synchronize(device)
        cuda.reset_peak_memory_stats(device)
    before = _start_peak()
    started = _clock()
    value = function()
    if cuda is not None:
        cuda.synchronize(device)
    seconds = _clock() - started
    peak = _peak_mib()
    cuda_mib = cuda.max_memory_allocated(device) / 2**20 if cuda is not None else None
    memory = max(0.0, peak - packages_mib), max(0.0, peak - before), cuda_mib
    return value, Spent(seconds, *memory, threads=_threads())


def _threads() -> int:
    """How many threads libraries may use here: what torch was told, or else OpenMP."""
    torch = sys.modules.get("torch")
    return torch.get_num_threads() if torch else int(os.environ.get("OMP_NUM_THREADS") or 1)


def _cuda(device: str) -> Any:
    if not device.startswith("cuda"):
        return None
    import torch

    return torch.cuda


def _start_peak() -> float:
    """Lets the kernel count the peak anew; says what the process holds now, in MiB."""
    held = held_mib()
    with suppress(OSError):  # not Linux: the peak stays, and only a new one shows
        Path("/proc/self/clear_refs").write_text("5")
    return held


def held_mib() -> float:
    """What this process holds beside pages of files, which are those of libraries, in MiB.

    What was freed goes back to the system first: a call that takes it up again has to be seen to
    need it. Where it is no Linux, the most that the process has ever held.
    """
    with suppress(OSError, AttributeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)
    return _beside_files("VmRSS") if _STATUS.exists() else _peak_mib()


def _peak_mib() -> float:
    """The most that `held_mib` has been since `_start_peak`."""
    if _STATUS.exists():
        return _beside_files("VmHWM")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if platform.system() == "Darwin" else peak / 2**10


def _beside_files(field: str) -> float:
    text = _STATUS.read_text()
    return _mib(text, field) - _mib(text, "RssFile")


def status_mib(field: str) -> float:
    """A size that the kernel knows of this process, such as `VmRSS` or `VmData`, in MiB.

    0 where it is no Linux.
    """
    return _mib(_STATUS.read_text(), field) if _STATUS.exists() else 0.0


def _mib(status: str, field: str) -> float:
    line = status.partition(f"\n{field}:")[2].partition("kB")[0]
    return int(line) / 2**10 if line else 0.0


class Packages:
    """What this process holds for the packages that it has imported, and for its device.

    While it is entered, what an import takes is added: restorers import theirs when they are built,
    or when they are first used. What they load beside that are weights.

    Args:
        device: `cpu` or `cuda:N`, which is opened.

    Attributes:
        mib: As `held_mib` counts.
    """

    def __init__(self, device: str) -> None:
        if (cuda := _cuda(device)) is not None:
            cuda.synchronize(device)  # the driver's own memory is no weights
        self.mib = held_mib()
        self._import = builtins.__import__
        self._inside = False

    def __enter__(self) -> None:
        self._import = builtins.__import__
        builtins.__import__ = self._watched

    def __exit__(self, *error: object) -> None:
        builtins.__import__ = self._import

    def _watched(
        self, name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        known, module = len(sys.modules), sys.modules.get(name)
        # torch imports names of its own in the middle of each operation: these take nothing
        is_there = level == 0 and module is not None
        if self._inside or (is_there and all(hasattr(module, item) for item in fromlist or ())):
            return self._import(name, globals, locals, fromlist, level)
        self._inside, before = True, held_mib()
        try:
            return self._import(name, globals, locals, fromlist, level)
        finally:
            self._inside = False
            if len(sys.modules) > known:
                self.mib += max(0.0, held_mib() - before)


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


def count_flops(function: Callable[[], object], seconds: float = _COUNTING_S) -> int | None:
    """Counts the floating-point operations of the torch modules that a call runs.

    A multiply-add counts as two. Only shapes go through the modules; the arrays that come out of
    them hold a ramp. It happens in a copy of this process: networks keep what they compute for a
    size, and none may find tensors without values there afterwards.

    Args:
        function: The call.
        seconds: How long counting may take.

    Returns:
        `None` for a call that runs no torch modules, and where they cannot be counted.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(_count_here(function)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    # a copy has one thread, and waits for ever where it wants a lock that another one held
    said = (
        os.read(reading, 32)
        if select.select([reading], [], [], min(seconds, _COUNTING_S))[0]
        else b""
    )
    os.close(reading)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return int(said or 0) or None


def _count_here(function: Callable[[], object]) -> int:
    from harness.workers import flops

    for counting in (flops.count_by_shapes, flops.count_by_fakes):
        # a network may look at values, which are not there, or at devices, which only fakes have
        with suppress(Exception):
            return counting(function)
    return 0
