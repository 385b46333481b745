"""Restorers and metrics that take batches: rightly, and in one wrong way each."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from harness.protocols import Conditions, Metric, MetricCard, Restorer, RestorerCard
from harness.results import MetricValue


class Batched(Restorer):
    """Adds a quarter of its noise level; notes how many images it is given at a time."""

    def __init__(self, *, marks: str, device: str = "cpu", bad: str = "") -> None:
        self.card = RestorerCard(
            type(self).__name__, scales=(1,), size_multiple=16, value_range=(0, 255)
        )
        self.marks, self.bad = Path(marks), bad

    def restore(self, image: Any, conditions: Conditions) -> Any:
        if image.shape[-1] > 64:  # not the warm-up
            self.note(1)
            if conditions.sample_id == self.bad:
                raise ValueError("this one is bad")
        return image + float(conditions.sigma_255 or 0) / 4

    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        self.note(len(images))
        if self.bad in {known.sample_id for known in conditions}:
            raise ValueError("one of them is bad")
        return np.stack(
            [
                image + float(known.sigma_255 or 0) / 4
                for image, known in zip(images, conditions, strict=True)
            ]
        )

    def note(self, count: int) -> None:
        if self.marks.is_file():  # in a sandbox it could not be written
            with self.marks.open("a") as file:
                file.write(f"{count}\n")


class OneTooFew(Batched):
    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        return super().restore_batch(images, conditions)[1:]


class Listed(Batched):
    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        return list(super().restore_batch(images, conditions))


class Smaller(Batched):
    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        return super().restore_batch(images, conditions)[..., 1:]


class SmallerAlways(Smaller):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return super().restore(image, conditions)[..., 1:]


class OneForAll(Batched):
    """Fills one buffer with each image in turn, and returns views of it."""

    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        found = super().restore_batch(images, conditions)
        return np.broadcast_to(found[-1], found.shape)


class OneBuffer(Batched):
    """Returns a view of a buffer that the next batch is written into, which is no fault."""

    buffer: Any = None

    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        found = super().restore_batch(images, conditions)
        if self.buffer is None:
            self.buffer = np.empty((64, *found.shape[1:]), np.float32)
        self.buffer[: len(found)] = found
        return self.buffer[: len(found)]


class Mixes(Batched):
    """Takes the mean of the batch off each image, as a network does that squeezes its planes."""

    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        return super().restore_batch(images, conditions) + np.float32(images[0].mean() / 16)


class Draws(Batched):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return super().restore(image, conditions) + _noise(image)

    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        return super().restore_batch(images, conditions) + _noise(images)


def _noise(image: Any) -> Any:
    return np.random.normal(0, 2, image.shape).astype(np.float32)


class Short(Batched):
    """Has memory for one image."""

    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        super().restore_batch(images, conditions)
        raise MemoryError("CUDA out of memory")


class Dies(Batched):
    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        super().restore_batch(images, conditions)
        os._exit(9)


class Falls(Batched):
    """Falls in one way at the image that is bad, alone or not."""

    def __init__(self, *, how: str = "raises", **options: str) -> None:
        super().__init__(**options)
        self.how = how

    def restore(self, image: Any, conditions: Conditions) -> Any:
        try:
            return super().restore(image, conditions)
        except ValueError:
            fall(self.how)
            raise


def fall(how: str) -> None:
    """Ends this process, keeps it, or says that its memory is over."""
    if how == "dies":
        os._exit(9)
    if how == "hangs":
        time.sleep(600)
    if how == "memory":
        raise MemoryError("too little")


class Hangs(Batched):
    """Never comes back from a batch, nor from the image that is bad."""

    def restore(self, image: Any, conditions: Conditions) -> Any:
        if conditions.sample_id == self.bad and image.shape[-1] > 64:
            time.sleep(600)
        return super().restore(image, conditions)

    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        time.sleep(600)


class Slow(Batched):
    """Takes half a second for each image, alone or not."""

    def restore(self, image: Any, conditions: Conditions) -> Any:
        time.sleep(0.5 if image.shape[-1] > 64 else 0)
        return super().restore(image, conditions)

    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        time.sleep(0.5 * len(images))
        return super().restore_batch(images, conditions)


class Mean(Metric):
    """The mean of an image, in points; notes how many it is given at a time."""

    card = MetricCard(name="batch-mean", needs_reference=False, higher_is_better=True)
    given: ClassVar[list[int]] = []
    wrong: ClassVar[str] = ""

    def __init__(self, device: str = "cpu") -> None:
        """Needs nothing."""

    def __call__(self, restored: Any, reference: Any = None) -> MetricValue:
        self.given.append(1)
        if self.wrong == "always":
            raise ValueError("not this one")
        return MetricValue(100 * float(restored.mean(dtype=np.float64)))

    def measure_batch(self, restored: Any, reference: Any = None) -> list[MetricValue]:
        self.given.append(len(restored))
        if self.wrong in ("raises", "always"):
            raise ValueError("not so many")
        values = [100 * float(one.mean(dtype=np.float64)) for one in restored]
        restored[:] = 0  # what it does to its batch is nobody else's
        if self.wrong == "mixes":
            values = [float(np.mean(values))] * len(values)
        if self.wrong == "nan":
            values = [math.nan] * len(values)
        return [MetricValue(value) for value in values[self.wrong == "too few" :]]
