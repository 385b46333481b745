"""Networks and functions that are at hand in Python, as restorers: no file, no class, no pickle."""

import inspect
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from harness.cards import RestorerCard, Task
from harness.errors import InputError, RestorationError
from harness.images import Image
from harness.protocols import Conditions, Restorer
from harness.recording import record_precision

if TYPE_CHECKING:
    import torch

PROBE = 64
"""Height and width of the grey image that tells by what factor a network enlarges."""


@dataclass(frozen=True, slots=True)
class Feeding:
    """How a network or function is fed; what is `None` is found out.

    Attributes:
        scale: Factor by which it enlarges.
        value_range: Its values of black and white.
        output_range: Those of what it returns; `None`: the same.
        order: Order of its planes.
        channels: Planes that it takes, 1 or 3.
        multiple: Height and width are padded to a multiple of this.
        takes: What a function is given: `array` (C, H, W), or `tensor` (1, C, H, W). A module is
            given tensors.
        device: Where tensors of a function go; those of a module go where its weights are.
    """

    scale: int | None = None
    value_range: tuple[float, float] = (0.0, 1.0)
    output_range: tuple[float, float] | None = None
    order: Literal["rgb", "bgr"] = "rgb"
    channels: int | None = None
    multiple: int = 1
    takes: Literal["array", "tensor"] = "array"
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Checks what cannot be; values are called what callers call them.

        Raises:
            InputError: Names the value and those that can be.
        """
        for name, value, known in (
            ("order", self.order, ("rgb", "bgr")),
            ("takes", self.takes, ("array", "tensor")),
            ("channels", self.channels, (None, 1, 3)),
        ):
            if value not in known:
                allowed = " or ".join(str(item) for item in known if item is not None)
                raise InputError(f"{name} is {value!r}; expected {allowed}")
        for name, number in (
            ("multiple", self.multiple),
            ("scale", 1 if self.scale is None else self.scale),
        ):
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                raise InputError(f"{name} is {number!r}; expected a whole number above 0")
        for name, ends in (
            ("range", self.value_range),
            ("output_range", self.output_range or self.value_range),
        ):
            try:
                black, white = (math.fsum([end]) for end in ends)  # text is no number
            except (TypeError, ValueError):
                black = white = 0.0
            if not -math.inf < black < white < math.inf:
                raise InputError(
                    f"{name} is {ends!r}; expected its black below white, such as (0, 255)"
                )


_PRECISIONS = {"torch.float16": "fp16", "torch.bfloat16": "bf16", "torch.float64": "fp64"}
"""How results call what weights are kept in."""


def is_module(thing: object) -> bool:
    """Whether it is a `torch.nn.Module`; torch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, torch.nn.Module)


def is_restorer(thing: object) -> bool:
    """Whether it has a card and `restore`, as `harness.protocols.Restorer` says."""
    card = getattr(thing, "card", None)
    return isinstance(card, RestorerCard) and callable(getattr(thing, "restore", None))


def as_restorer(thing: object, feeding: Feeding, name: str | None = None) -> Restorer:
    """Makes a restorer of a module or function; one that is a restorer already stays as it is.

    Args:
        thing: A `torch.nn.Module` or a function from image to image. A parameter called
            `conditions` is given the `Conditions`.
        feeding: How it is fed.
        name: What results call it; default: its own name.

    Raises:
        InputError: It is none of these.
    """
    if is_restorer(thing) and not isinstance(thing, type):
        restorer: Restorer = thing  # type: ignore[assignment]  # is_restorer has looked
        return restorer
    if not callable(thing):
        raise InputError(
            f"{thing!r:.100} is no restorer; expected a torch.nn.Module, a function from image to "
            "image, an object with card and restore(...), or a name"
        )
    named = getattr(thing, "__name__", None) or type(thing).__name__
    card = RestorerCard(
        name or named.strip("<>"),
        scales=(),
        channels=(feeding.channels or 3,),
        size_multiple=feeding.multiple,
        value_range=feeding.value_range,
        output_range=feeding.output_range,
        channel_order=feeding.order,
        parameters=_count(thing) or None,
        source="this process",
    )
    return _with_scale(_Wrapped(thing, card, feeding), feeding)


def device_of(thing: object, otherwise: str = "cpu") -> str:
    """Where a module's weights are: `cpu` or `cuda:N`; of anything else, `otherwise`."""
    if is_restorer(thing):
        thing = getattr(thing, "network", None) or getattr(thing, "module", None)
    place = next(iter(_weights(thing)), None)
    if place is None:
        return otherwise
    device = place.device
    return device.type if device.index is None else f"{device.type}:{device.index}"


def _weights(thing: object, *, learned: bool = False) -> "Iterable[torch.Tensor]":
    if not is_module(thing):
        return ()
    module: torch.nn.Module = thing  # type: ignore[assignment]  # is_module has looked
    return module.parameters() if learned else chain(module.parameters(), module.buffers())


def _count(thing: object) -> int:
    try:
        return sum(weight.numel() for weight in _weights(thing, learned=True))
    except ValueError as error:  # of lazy modules
        raise InputError(
            f"{type(thing).__name__} has weights that are not there yet: run it once on an image"
        ) from error


class _Wrapped(Restorer):
    """A function, or a module in the mode that it is in."""

    def __init__(self, function: Callable[..., Any], card: RestorerCard, feeding: Feeding) -> None:
        self.card, self._function = card, function
        self._tensors = is_module(function) or feeding.takes == "tensor"
        self._device = device_of(function, feeding.device)
        self._informed = "conditions" in _parameters(function)
        if is_module(function) and not self._informed:
            self.restore_batch = self._restore_batch

    def _restore_batch(self, images: Image, conditions: Sequence[Conditions]) -> Image:
        return self._run_tensors(images, {})

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Runs it on float32 (C, H, W)."""
        told = {"conditions": conditions} if self._informed else {}
        if self._tensors:
            return self._run_tensors(image, told)
        returned = self._function(image.copy(), **told)
        if what := _no_image(returned):
            raise RestorationError(f"{self.card.name} returned {what}; expected an image (C, H, W)")
        if hasattr(returned, "detach"):
            returned = returned.detach().cpu()
        restored = np.asarray(returned)
        # other numbers than floating ones may well be 0 to 255: they are refused
        floating = restored.dtype.kind == "f"
        return np.ascontiguousarray(restored, np.float32 if floating else restored.dtype)

    def _run_tensors(self, image: Image, told: Mapping[str, Conditions]) -> Image:
        """Runs it on (C, H, W), or on a batch (N, C, H, W)."""
        import torch

        images = image if image.ndim == 4 else image[None]
        kinds = (weight.dtype for weight in _weights(self._function))
        kind = next((dtype for dtype in kinds if dtype.is_floating_point), torch.float32)
        # not inference mode: what a module keeps of a call would be of no use in training
        with torch.no_grad():
            fed = torch.from_numpy(np.ascontiguousarray(images)).to(self._device, kind)
            restored = self._function(fed, **told)
            record_precision(_PRECISIONS.get(str(kind), "fp32"), fell_back=False)
        first = restored[0] if isinstance(restored, list | tuple) and restored else restored
        count = len(images)
        if not isinstance(first, torch.Tensor) or first.ndim != 4 or len(first) != count:
            seen = tuple(first.shape) if isinstance(first, torch.Tensor) else type(first).__name__
            raise RestorationError(f"{self.card.name} returned {seen}; expected ({count}, C, H, W)")
        if first.is_complex():
            seen = f"{self.card.name} returned {first.dtype}"
            raise RestorationError(f"{seen}; expected real numbers")
        found = first if image.ndim == 4 else first[0]
        return np.ascontiguousarray(found.detach().float().cpu().numpy())


def _no_image(returned: object) -> str | None:
    """What a function has returned that is no image for certain."""
    if returned is None:
        return "nothing"
    if inspect.isgenerator(returned):
        return "a generator, which yields and returns nothing"
    if inspect.iscoroutine(returned):
        returned.close()
        return "a coroutine, which nobody awaits"
    return "an array with values that are masked" if np.ma.is_masked(returned) else None


def _parameters(function: Callable[..., Any]) -> Iterable[str]:
    called = function.forward if is_module(function) else function  # type: ignore[attr-defined]
    try:
        return inspect.signature(called).parameters
    except (TypeError, ValueError):  # written in C
        return ()


def _with_scale(wrapped: _Wrapped, feeding: Feeding) -> _Wrapped:
    """Says by what factor it enlarges, as far as a grey image or the caller tells."""
    card = wrapped.card
    planes = card.channels if feeding.channels else (3, 1)
    scale = feeding.scale
    for count in planes if scale is None or not feeding.channels else ():
        try:
            grey = np.full((count, PROBE, PROBE), sum(card.value_range) / 2, np.float32)
            found = wrapped.restore(grey, Conditions(scale=scale or 1))
        except (Exception, SystemExit):  # noqa: S112 - its cells will say so
            continue
        if scale is None and found.ndim == 3 and found.shape[1] % PROBE == 0:
            scale = found.shape[1] // PROBE or None
        card = replace(card, channels=(count,))
        break
    # one that was not understood is run on everything, and fails where it does
    scales = () if scale is None else (scale,)
    tasks = (Task.SUPER_RESOLVE,) if (scale or 1) > 1 else ()
    wrapped.card = replace(card, scales=scales, tasks=tasks)
    return wrapped
