"""What a missing image does to the means of others."""

from __future__ import annotations

import math

import pytest
from made_run import made_run

from harness.ranking.lacking import lacking
from harness.ranking.leaderboards import rank_run
from harness.reporting.notes import set_notes


def test_a_missing_image_says_by_how_much_it_moves_the_means_of_others() -> None:
    scores = {"whole": [30, 20, 31], "other": [28, 24, 29], "gap": [33, math.nan, 34]}
    data = made_run({(name, "s", "psnr"): row for name, row in scores.items()})
    [found] = lacking(rank_run(data))
    assert (found.restorers, found.images, found.of) == (("gap",), ("i001",), 3)
    assert found.shifts == pytest.approx({"whole": 30.5 - 27.0, "other": 28.5 - 27.0})
    [note] = set_notes(rank_run(data))["s"]
    assert note == (
        "gap has no psnr of i001: all means are over the other 2 of 3 images, which moves those of "
        "the others by +1.5 to +3.5"
    )


def test_an_image_of_several_sets_is_one_scene() -> None:
    rows = [float(value) for value in range(6)]
    keys = [(name, part, "psnr") for name in ("a", "b") for part in ("s", "t", "u")]
    notes = set_notes(rank_run(made_run(dict.fromkeys(keys, rows))))
    assert notes == {
        "": ("n = 18 scores of 6 images: one that lies in several sets is resampled as one",)
    }
