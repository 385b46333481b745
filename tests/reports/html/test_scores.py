"""Scores that pages need, picked out of the columns of a run."""

from __future__ import annotations

from harness.protocols.report import ReportData
from reports.html.scores import collect


def test_what_is_picked_is_what_a_walk_over_all_scores_finds(fabricated: ReportData) -> None:
    data = fabricated.data
    key = min(data.samples)
    found = collect(data, [key, ("nowhere", "x")], {"photos-x2": "ssim", "nowhere": "psnr"})
    own = [score for score in data.scores if (score.cell.set, score.cell.image) == key]
    walked = {(score.cell.restorer, score.metric): score for score in own}
    assert walked
    assert found.images == {key: walked, ("nowhere", "x"): {}}
    bicubic = ("photos-x2", "ssim", "bicubic")
    values = [s.value for s in data.scores if (s.cell.set, s.metric, s.cell.restorer) == bicubic]
    assert sorted(v for v, _ in found.sets["photos-x2"]["bicubic"]) == sorted(values)
    assert not found.sets["nowhere"]
