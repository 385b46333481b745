"""Counts the floating-point operations of torch modules; who imports it has torch already."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry

_NOWHERE = torch.device("meta")
_COMPOSITE = torch._C.DispatchKey.CompositeImplicitAutograd


def count_by_shapes(function: Callable[[], object]) -> int:
    """Counts in a third of the time that torch's own modes take: tensors have a shape alone."""
    shapes = _Shapes()
    with _Ramps(lambda tensor: bool(tensor.is_meta)), shapes:
        function()
    return shapes.flops


def count_by_fakes(function: Callable[[], object]) -> int:
    """Counts with torch's own modes; they tell devices and modules apart."""
    counter, fakes = FlopCounterMode(display=False), FakeTensorMode(allow_non_fake_inputs=True)
    with _Ramps(lambda tensor: isinstance(tensor, FakeTensor)), fakes, counter:
        function()
    return int(counter.get_total_flops())


class _Shapes(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch is half annotated
    """Tensors have a shape and no values, and operations are counted."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0
        self._bare: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs, count = kwargs or {}, flop_registry.get(operation._overloadpacket)
        if count is None and operation.has_kernel_for_dispatch_key(_COMPOSITE):
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
                bare = torch.empty_strided(*layout, dtype=value.dtype, device=_NOWHERE)
                self._bare[id(value)] = value, bare  # held, so that its id stays its own
            return self._bare[id(value)][1]
        if type(value) in (list, tuple):
            return type(value)(map(self._without_values, value))
        return _NOWHERE if isinstance(value, torch.device) else value


class _Ramps(TorchFunctionMode):
    """Tensors without values become arrays that hold a ramp.

    Args:
        is_bare: Says of a tensor whether it has no values.
    """

    def __init__(self, is_bare: Callable[[torch.Tensor], bool]) -> None:
        super().__init__()
        self._is_bare = is_bare

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        arrays = torch.Tensor.numpy, torch.Tensor.__array__
        if function in arrays and self._is_bare(args[0]):
            shape = tuple(args[0].shape)
            return np.linspace(0, 1, math.prod(shape), dtype=np.float32).reshape(shape)
        return function(*args, **(kwargs or {}))
