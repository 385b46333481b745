"""A network that keeps what it computes for a size, and hands out the same array each time."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from harness.protocols import Conditions, Restorer, RestorerCard


class Keeping(Restorer):
    """Adds a quarter; the weight is one, and the mask a quarter everywhere."""

    def __init__(self, *, device: str = "cpu") -> None:
        self.card = RestorerCard("keeping", scales=(1,), parameters=1)
        self.network = torch.nn.Conv2d(1, 1, 1, bias=False)
        torch.nn.init.ones_(self.network.weight)
        self.masks: dict[Any, Any] = {}
        self.nothing = torch.zeros(1)
        self.array = np.empty(0, np.float32)

    def restore(self, image: Any, conditions: Conditions) -> Any:
        with torch.no_grad():
            found = self.network(torch.from_numpy(image[:, None]))[:, 0]
            if image.shape not in self.masks:
                self.masks[image.shape] = found * 0 + 0.25
            found = found + self.nothing
            self.nothing = found.sum() * 0  # of this image, for the next one
            found = (found + self.masks[image.shape]).numpy()
        if self.array.shape != found.shape:
            self.array = np.empty_like(found)
        self.array[:] = found
        return self.array
