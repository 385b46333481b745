"""What one call costs: seconds, memory, floating-point operations. Runs in workers."""

import builtins
import ctypes
import math
import os
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
    started = time.perf_counter()
    value = function()
    if cuda is not None:
        cuda.synchronize(device)
    seconds = time.perf_counter() - started
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


def count_flops(function: Callable[[], object]) -> int | None:
    """Counts the floating-point operations of the torch modules that a call runs.

    A multiply-add counts as two. Only shapes go through the modules; the arrays that come out of
    them hold a ramp.

    Returns:
        `None` for a call that runs no torch modules, and where they cannot be counted.
    """
    for counting in (_count_by_shapes, _count_by_fakes):
        # a network may look at values, which are not there, or at devices, which only fakes have
        with suppress(Exception):
            return counting(function) or None
    return None


def _count_by_fakes(function: Callable[[], object]) -> int:
    """Counts with torch's own modes; they tell devices and modules apart."""
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
    from torch.utils.flop_counter import FlopCounterMode

    counter, fakes = FlopCounterMode(display=False), FakeTensorMode(allow_non_fake_inputs=True)
    with _ramps(lambda tensor: isinstance(tensor, FakeTensor)), fakes, counter:
        function()
    return int(counter.get_total_flops())


def _ramps(is_bare: Callable[[Any], bool]) -> Any:
    """A mode under which tensors without values become arrays that hold a ramp."""
    import numpy as np
    import torch
    from torch.overrides import TorchFunctionMode

    class Ramps(TorchFunctionMode):
        def __torch_function__(
            self, function: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if function in (torch.Tensor.numpy, torch.Tensor.__array__) and is_bare(args[0]):
                shape = tuple(args[0].shape)
                return np.linspace(0, 1, math.prod(shape), dtype=np.float32).reshape(shape)
            return function(*args, **(kwargs or {}))

    return Ramps()


def _count_by_shapes(function: Callable[[], object]) -> int:
    """Counts in a third of the time that torch's own modes take: tensors have a shape alone."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import flop_registry

    nowhere, composite = torch.device("meta"), torch._C.DispatchKey.CompositeImplicitAutograd

    class Shapes(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch is half annotated
        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.flops = 0
            self._bare: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

        def __torch_dispatch__(
            self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            kwargs, count = kwargs or {}, flop_registry.get(operation._overloadpacket)
            if count is None and operation.has_kernel_for_dispatch_key(composite):
                with self:  # what it is made of may count
                    return operation.decompose(*args, **kwargs)
            # tensors made under inference mode could not be written into outside of it
            with torch.inference_mode(mode=False), torch.no_grad():
                args = self._without_values(args)
                kwargs = {name: self._without_values(value) for name, value in kwargs.items()}
                found = operation(*args, **kwargs)
            if count is not None:
                self.flops += count(*args, **kwargs, out_val=found)
            return found

        def _without_values(self, value: Any) -> Any:
            if isinstance(value, torch.Tensor):
                if value.is_meta:
                    return value
                if id(value) not in self._bare:
                    layout = value.shape, value.stride()
                    bare = torch.empty_strided(*layout, dtype=value.dtype, device=nowhere)
                    self._bare[id(value)] = value, bare  # held, so that its id stays its own
                return self._bare[id(value)][1]
            if type(value) in (list, tuple):
                return type(value)(map(self._without_values, value))
            return nowhere if isinstance(value, torch.device) else value

    shapes = Shapes()
    with _ramps(lambda tensor: tensor.is_meta), shapes:
        function()
    return shapes.flops
