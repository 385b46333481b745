"""Scores that pages need, picked out of the columns of a run."""

from __future__ import annotations

from harness.protocols import ReportData
from reports.html.scores import collect


def test_what_is_picked_is_what_a_walk_over_all_scores_finds(fabricated: ReportData) -> None:
    data = fabricated.data
    key = min(data.samples)
    found = collect(data, [key, ("nowhere", "x")], {"photos-x2": "ssim", "nowhere": "psnr"})
    walked = {
        (s.cell.restorer, s.metric): s for s in data.scores if (s.cell.set, s.cell.image) == key
    }
    assert walked
    assert found.images == {key: walked, ("nowhere", "x"): {}}
    values = [
        s.value
        for s in data.scores
        if (s.cell.set, s.metric, s.cell.restorer) == ("photos-x2", "ssim", "bicubic")
    ]
    assert sorted(found.sets["photos-x2"]["bicubic"]) == sorted(values)
    assert not found.sets["nowhere"]
