"""Restorers whose memory is known: a package of 60 MiB, weights of 100, and 50 for 128 x 128."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.protocols import Conditions, Restorer, RestorerCard

MIB = 2**18
"""Float32 numbers in a MiB."""


class Hungry(Restorer):
    """Imports a package and loads weights when it is built."""

    def __init__(self, *, device: str = "cpu") -> None:
        self.card = RestorerCard("hungry", scales=(1,), parameters=100 * MIB)
        self.weights: Any = None
        self.load()

    def load(self) -> None:
        import large_package

        self.weights = np.full(100 * MIB, large_package.TABLE[0])

    def restore(self, image: Any, conditions: Conditions) -> Any:
        self.activations(50 * MIB * image[0].size // 128**2)
        return image

    def activations(self, size: int) -> Any:
        return np.ones(size, np.float32)


class Late(Hungry):
    """Does so when it is first called."""

    def load(self) -> None:
        """Not yet."""

    def restore(self, image: Any, conditions: Conditions) -> Any:
        if self.weights is None:
            super().load()
        return super().restore(image, conditions)


class Hoarding(Hungry):
    """Keeps the memory of the largest image for later ones, as ncnn does."""

    kept: Any = None

    def activations(self, size: int) -> Any:
        if self.kept is None or self.kept.size < size:
            self.kept = np.ones(size, np.float32)
        return self.kept
