"""KADID-10k's table: 25 types, five levels each; what it names can be built."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.degradations.kadid import KADID, Distortion
from benchmarks.sources import Photos

UNCHANGED = {"gaussian-blur", "motion-blur", "colour-saturation-2", "mean-shift", "contrast-change"}
"""Types whose first level is no change in KADID-10k either."""


def test_there_are_25_types_in_7_groups() -> None:
    assert [item.number for item in KADID] == list(range(1, 26))
    assert len({item.type for item in KADID}) == len({item.degradation for item in KADID}) == 25
    assert len({item.group for item in KADID}) == 7


@pytest.mark.parametrize("item", KADID, ids=lambda item: item.type)
def test_every_level_can_be_built(item: Distortion) -> None:
    photograph = Photos(64).read("coffee")
    for level in range(1, 6):
        degradation = item.build(level)
        assert degradation.name == item.degradation
        assert degradation.params[item.parameter] == item.levels[level - 1]
        difference = np.abs(degradation(photograph, np.random.default_rng(0)) - photograph).max()
        # there and back between RGB and Lab may cost one level of 8 bits
        assert (difference < 1.01 / 255) == (level == 1 and item.type in UNCHANGED)
