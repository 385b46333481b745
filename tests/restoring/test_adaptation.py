"""What a restorer sees: planes, padding, range and order as its card says, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.images import Image
from harness.protocols import Conditions, Restorer, RestorerCard
from harness.restoring.adaptation import restore_image


class Recorder(Restorer):
    """Returns what it is fed, and remembers it."""

    def __init__(self, **card: object) -> None:
        self.card = replace(RestorerCard("recorder"), **card)  # type: ignore[arg-type]
        self.seen: list[Image] = []

    def restore(self, image: Image, conditions: Conditions) -> Image:
        self.seen.append(image.copy())
        return image


@pytest.mark.parametrize(
    ("card", "channels", "shape"),
    [
        ({"size_multiple": 8}, 3, (3, 16, 24)),
        ({"size_minimum": 30}, 3, (3, 30, 30)),
        ({"size_minimum": 30, "size_multiple": 16}, 1, (1, 32, 32)),
        ({"channels": (1,)}, 3, (1, 9, 23)),
        ({"channels": (3,)}, 1, (3, 9, 23)),
    ],
)
def test_what_is_fed_and_what_comes_back(
    card: dict[str, object], channels: int, shape: tuple[int, ...], generator: np.random.Generator
) -> None:
    restorer = Recorder(**card)
    image = generator.random((channels, 9, 23), dtype=np.float32)
    restored = restore_image(restorer, image, Conditions())
    assert restorer.seen[0].shape == shape
    assert np.allclose(restored, image, atol=1e-6)


@pytest.mark.parametrize("value_range", [(0.0, 255.0), (-1.0, 1.0), (0.0, 1.0)])
@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_range_and_order(
    value_range: tuple[float, float], order: str, generator: np.random.Generator
) -> None:
    restorer = Recorder(value_range=value_range, channel_order=order)
    image = generator.random((3, 5, 7), dtype=np.float32)
    restored = restore_image(restorer, image, Conditions())
    low, high = value_range
    expected = low + (image if order == "rgb" else image[::-1]) * (high - low)
    assert np.allclose(restorer.seen[0], expected, rtol=1e-5, atol=1e-5)
    assert np.allclose(restored, image, atol=1e-6)
