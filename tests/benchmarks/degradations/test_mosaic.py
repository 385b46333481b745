"""A mosaic keeps one colour of each pixel, the one that the pattern says."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.degradations.mosaic import BayerMosaic
from harness.conditions import CFAS


@pytest.mark.parametrize("cfa", CFAS)
def test_each_pixel_keeps_the_colour_of_the_pattern(cfa: str) -> None:
    image = np.stack([np.full((5, 7), value, np.float32) for value in (0.25, 0.5, 0.75)])
    mosaic = BayerMosaic(cfa)(image, np.random.default_rng(0))
    assert (np.count_nonzero(mosaic, axis=0) == 1).all()
    colours = {0.25: "R", 0.5: "G", 0.75: "B"}
    plane = mosaic.sum(axis=0)
    for top, left in ((0, 0), (2, 4)):
        pattern = plane[top : top + 2, left : left + 2].ravel()
        assert "".join(colours[float(value)] for value in pattern) == cfa
