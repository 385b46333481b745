"""Masks cover what they say."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.degradations.missing import MissingBoxes, MissingPixels, MissingStrokes


@pytest.mark.parametrize("kind", [MissingPixels, MissingBoxes, MissingStrokes])
@pytest.mark.parametrize("fraction", [0.05, 0.5])
def test_the_mask_covers_the_fraction(
    kind: type[MissingPixels | MissingBoxes | MissingStrokes], fraction: float
) -> None:
    image = np.full((3, 64, 80), 0.7, np.float32)
    degraded, known = kind(fraction).degrade(image, np.random.default_rng(3))
    assert known.mask is not None
    assert fraction - 0.001 <= known.mask.mean() <= fraction + 0.15
    assert (degraded[:, known.mask] == 0).all()
    assert (degraded[:, ~known.mask] == np.float32(0.7)).all()
