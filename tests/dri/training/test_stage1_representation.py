"""Stage 1: stopped, it goes on as if it had not stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_training import CONFIG, StoppedError, fresh, same, stop_at

from harness.dri.network.network import DRINetwork
from harness.dri.training.data import SyntheticPairs
from harness.dri.training.stage1_representation import train_representation


def test_stage_1_resumes_exactly(
    pairs: SyntheticPairs, trained: DRINetwork, tmp_path: Path
) -> None:
    with pytest.raises(StoppedError):
        train_representation(fresh(), lambda: pairs, CONFIG, tmp_path, stop_at("step 20/"))
    resumed = fresh()
    train_representation(resumed, lambda: pairs, CONFIG, tmp_path, str)
    assert same(resumed, trained)
    assert not same(resumed, fresh())
    rows = (tmp_path / "stage1.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "19", "39"]

    def refuse() -> SyntheticPairs:
        raise AssertionError("nothing is left to do")

    again = fresh()
    train_representation(again, refuse, CONFIG, tmp_path, str)
    assert same(again, trained)
