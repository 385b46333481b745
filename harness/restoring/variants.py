"""Options that any restorer takes, handled here and in no adapter.

They stand with the parameters: `-r NAME:ensemble=x8,precision=fp16`.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from harness.conditions import Conditions, kernel_of
from harness.errors import InputError, RestorationError
from harness.images import Image
from harness.protocols import DegradedSet, Restorer
from harness.recording import record_precision

Pixel = TypeVar("Pixel", bound=np.generic)
Together = Callable[[Image, Sequence[Conditions]], Image]
"""`restore_batch` of a restorer."""


def with_options(restorer: Restorer, options: Mapping[str, str], device: str) -> Restorer:
    """Wraps a restorer so that it runs with the options; without any it is returned as it is."""
    if options.get("precision", "fp32") != "fp32":
        restorer = ReducedPrecision(restorer, options["precision"], device)
    if options.get("ensemble") == "x8":
        restorer = SelfEnsemble(restorer)
    return restorer


class _Wrapped(Restorer):
    """A restorer around another one, which supports what that supports."""

    def __init__(self, inner: Restorer) -> None:
        self.inner, self.card = inner, inner.card
        self._together: Together = getattr(inner, "restore_batch", None)  # type: ignore[assignment]
        if self._together is not None:
            self.restore_batch = self._restore_batch

    @abstractmethod
    def _restore_batch(self, images: Image, conditions: Sequence[Conditions]) -> Image:
        """Restores (N, C, H, W), if what is inside does."""

    def supports(self, degraded_set: DegradedSet) -> str | None:
        return self.inner.supports(degraded_set)


class SelfEnsemble(_Wrapped):
    """The mean over the 8 flips and turns of the image, each restored and turned back.

    Timofte et al., Seven ways to improve example-based single image super resolution, CVPR 2016.

    Args:
        inner: The restorer that sees the turned images.
    """

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores (C, H, W) to (C, scale * H, scale * W), eight times."""

        def restore(turned: Image, known: Sequence[Conditions]) -> Image:
            return self.inner.restore(turned, known[0])

        return self._mean(image, [conditions], restore)

    def _restore_batch(self, images: Image, conditions: Sequence[Conditions]) -> Image:
        return self._mean(images, conditions, self._together)

    def _mean(self, image: Image, conditions: Sequence[Conditions], restore: Together) -> Image:
        if any(known.cfa is not None for known in conditions):
            raise InputError(
                "ensemble=x8 turns the image, and with it the sensor's colours: leave it out here"
            )
        *outer, height, width = image.shape
        scale = conditions[0].scale
        total = np.zeros((*outer, height * scale, width * scale), np.float64)
        for turns in range(4):
            for flipped in (False, True):
                known = [_turn_conditions(one, turns, flipped) for one in conditions]
                restored = restore(_turn(image, turns, flipped), known)
                if not isinstance(restored, np.ndarray) or restored.shape[:-2] != image.shape[:-2]:
                    return restored  # the harness says what is wrong with it
                total += _turn_back(restored, turns, flipped)
        return (total / 8).astype(np.float32)


def _turn(image: npt.NDArray[Pixel], turns: int, flipped: bool) -> npt.NDArray[Pixel]:
    turned = np.rot90(image, turns, axes=(-2, -1))
    return np.ascontiguousarray(turned[..., ::-1] if flipped else turned)


def _turn_back(image: Image, turns: int, flipped: bool) -> Image:
    straight = image[..., ::-1] if flipped else image
    return np.rot90(straight, -turns, axes=(-2, -1))


def _turn_conditions(conditions: Conditions, turns: int, flipped: bool) -> Conditions:
    kernel, mask = conditions.kernel, conditions.mask
    if kernel is not None:
        kernel = kernel_of(_turn(np.array(kernel), turns, flipped))
    if mask is not None:
        mask = _turn(mask, turns, flipped)
    return replace(conditions, kernel=kernel, mask=mask)


class ReducedPrecision(_Wrapped):
    """A restorer whose torch operations run in 16 bits where torch deems that safe (autocast).

    An output that is not finite, or flat where the input is not, is computed again in 32 bits, and
    recorded as such.

    Args:
        inner: The restorer.
        precision: `fp16` or `bf16`.
        device: `cpu` or `cuda:N`.
    """

    def __init__(self, inner: Restorer, precision: str, device: str) -> None:
        super().__init__(inner)
        self.precision, self.device = precision, device.partition(":")[0]

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores (C, H, W) to (C, scale * H, scale * W).

        Raises:
            InputError: The restorer computes nothing in torch: the option has no effect.
        """
        restored = self._run(lambda: self.inner.restore(image, conditions))
        if isinstance(restored, np.ndarray) and _is_lost(restored, image):
            record_precision("fp32", fell_back=True)
            return self.inner.restore(image, conditions)
        record_precision(self.precision, fell_back=False)
        return restored

    def _restore_batch(self, images: Image, conditions: Sequence[Conditions]) -> Image:
        restored = self._run(lambda: self._together(images, conditions))
        if isinstance(restored, np.ndarray) and any(map(_is_lost, restored, images)):
            raise RestorationError(f"an image of the batch is lost in {self.precision}")
        record_precision(self.precision, fell_back=False)
        return restored

    def _run(self, restore: Callable[[], Image]) -> Image:
        import torch

        watch = _watch_precision()
        dtype = torch.float16 if self.precision == "fp16" else torch.bfloat16
        with torch.autocast(self.device, dtype=dtype), watch:
            restored = restore()
        if not watch.reduced:
            raise InputError(
                f"precision={self.precision} has no effect on {self.card.name}, which computes "
                "nothing that torch can do in 16 bits: leave it out"
            )
        return restored


def _is_lost(restored: Image, image: Image) -> bool:
    return not np.isfinite(restored).all() or bool(np.ptp(restored) == 0 < np.ptp(image))


def _watch_precision() -> Any:  # the class is made here: torch is not imported before
    """A mode that notices tensors of 16 bits; arrays made of them have 32, as adapters expect."""
    import torch
    from torch.overrides import TorchFunctionMode

    class Watch(TorchFunctionMode):
        reduced = False

        def __torch_function__(
            self,
            function: Callable[..., Any],
            types: object,
            args: tuple[Any, ...] = (),
            kwargs: dict[str, Any] | None = None,
        ) -> object:
            if function in (torch.Tensor.numpy, torch.Tensor.__array__) and self._notice(args[0]):
                args = (args[0].float(), *args[1:])
            result = function(*args, **(kwargs or {}))
            self._notice(result)
            return result

        def _notice(self, result: object) -> bool:
            short = (torch.float16, torch.bfloat16)
            seen = isinstance(result, torch.Tensor) and result.dtype in short
            self.reduced |= seen
            return seen

    return Watch()
