"""One denoiser, and the ways in which a careless change makes it worse.

Worker processes import it by name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.degradations.compression import Jpeg
from harness.protocols import Conditions, Restorer, RestorerCard
from restorers.nl_means import NonLocalMeans


class Plain(Restorer):
    def __init__(self, *, device: str = "cpu") -> None:
        self.card = RestorerCard("mine", scales=(1,), parameters=0)
        self.inner = NonLocalMeans()

    def restore(self, image: Any, conditions: Conditions) -> Any:
        return self.inner.restore(image, conditions)


class Renamed(Plain):
    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__()
        self.card = RestorerCard("mine-v2", scales=(1,), parameters=0)


class ShiftedChannel(Plain):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        restored = super().restore(image, conditions).copy()
        restored[2] = np.roll(restored[2], 1, axis=1)
        return restored


class ShiftedPixel(Plain):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return np.roll(super().restore(image, conditions), 1, axis=2)


class JpegOnTheWayOut(Plain):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return Jpeg(80)(super().restore(image, conditions), np.random.default_rng(0))


class AnotherSigma(Plain):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        return super().restore(image, replace(conditions, sigma_255=15.0))


class FailsNow(Plain):
    def restore(self, image: Any, conditions: Conditions) -> Any:
        raise ValueError("a new bug")


class Unsteady(Plain):
    """Non-deterministic: its strength is drawn anew for every image."""

    def restore(self, image: Any, conditions: Conditions) -> Any:
        strength = 0.8 * np.random.default_rng().normal(1.0, 0.1)
        return NonLocalMeans(strength=strength).restore(image, conditions)


class MistunedNetwork(Restorer):
    """FFDNet, told of 4 % more noise than there is."""

    def __init__(self, *, device: str = "cpu") -> None:
        from restorers.ffdnet import FFDNet

        self.inner = FFDNet(device=device)
        self.card = replace(FFDNet.card, name="mistuned-network")

    def restore(self, image: Any, conditions: Conditions) -> Any:
        sigma = conditions.sigma_255
        told = replace(conditions, sigma_255=None if sigma is None else 1.04 * sigma)
        return self.inner.restore(image, told)
