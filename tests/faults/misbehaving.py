"""Restorers, sets and metrics that misbehave, each in one way. Imported by name in worker processes."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import ImageError
from harness.protocols import Conditions, Restorer, RestorerCard, Sample, Task


class _Fault(Restorer):
    def __init__(self, *, device: str = "cpu") -> None:
        self.card = RestorerCard(type(self).__name__, scales=(1,))


class Good(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return image


class Counting(Restorer):
    """Leaves a mark for every image it restores, so that a test can count."""

    def __init__(self, *, marks: str, sleep: float = 0.0, device: str = "cpu") -> None:
        self.card = RestorerCard("counting", scales=(1,))
        self.marks, self.sleep = Path(marks), sleep

    def restore(self, image: Any, conditions: Conditions) -> Any:
        if image.shape[-1] > 64:  # the warm-up sees a corner of 64 pixels, which is not counted
            with self.marks.open("a") as file:
                file.write("x\n")
            time.sleep(self.sleep)
        return image


class Raises(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        raise ValueError("no <b>luck</b>")


class RaisesSystemExit(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        raise SystemExit(0)


class ReturnsNaN(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return np.full_like(image, np.nan)


class ReturnsInf(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return np.full_like(image, np.inf)


class WrongSize(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return image[:, :-1]


class WrongDtype(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return (image * 255).astype(np.uint8)


class WrongChannels(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return np.concatenate([image, image])


class ReturnsNone(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return None


class Hangs(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        while True:
            time.sleep(0.1)


class Exits(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        os._exit(0)


class Segfaults(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        ctypes.string_at(0)
        return image


class MutatesInput(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        image += 0.1
        return image


class Prints(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        os.write(1, b"flood\n" * 10000)
        return image


class ChangesFolder(_Fault):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        os.chdir("/")
        return image


class FillsHoles(Restorer):
    """Paints what is missing grey; it cannot do without a mask that fits and is true where the image is 0."""

    card = RestorerCard("fills-holes", tasks=(Task.INPAINT,), conditions=("mask",), size_multiple=32)

    def __init__(self, *, device: str = "cpu") -> None:
        pass

    def restore(self, image: Any, conditions: Conditions) -> Any:
        assert conditions.mask is not None
        assert not image[:, conditions.mask].any()
        return np.where(conditions.mask, np.float32(0.5), image)


class DoesNotLoad(_Fault):
    def __init__(self, *, device: str = "cpu") -> None:
        raise RuntimeError("no such weights")


class TinySet:
    """Grey gradients; the sample named `corrupt` cannot be read."""

    task = Task.DENOISE
    conditions = Conditions(sigma_255=10.0)

    def __init__(self, name: str = "tiny", images: tuple[str, ...] = ("a", "b", "c"), size: int = 40) -> None:
        self.name, self.images, self.size = name, images, size

    def ids(self) -> tuple[str, ...]:
        return self.images

    def sample(self, id: str) -> Sample:
        if id == "corrupt":
            raise ImageError("corrupt.png cannot be read as an image: truncated")
        rows = np.linspace(0, 1, self.size, dtype=np.float32)
        reference = np.stack([np.outer(rows, rows)] * 3) * (0.5 + 0.5 / (1 + self.images.index(id)))
        noise = np.random.default_rng(self.images.index(id)).normal(0, 10 / 255, reference.shape)
        return Sample(id, (reference + noise).astype(np.float32), reference.astype(np.float32))

    def describe(self) -> Mapping[str, Any]:
        return {"source": "gradients", "size": self.size, "licence": "CC0-1.0"}

    def absent(self) -> str | None:
        return None
