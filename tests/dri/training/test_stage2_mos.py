"""Which versions a batch of stage 2 holds, and what their two views are to score."""

from __future__ import annotations

import pytest
import torch

from harness.dri.network.network import Prediction
from harness.dri.training.config import TrainingConfig
from harness.dri.training.features import FeatureTable
from harness.dri.training.stage2_mos import _order_losses, _some_versions


def test_the_best_versions_of_a_batch_come_again_in_their_other_view() -> None:
    table = FeatureTable(
        [], [], [], torch.zeros(30, 2, 1), torch.empty(0), torch.empty(0), torch.arange(30) / 30, 10
    )
    config = TrainingConfig(contents_ranked=2, versions_ranked=6, twins=4)
    rows, views, best = _some_versions(table, config, torch.Generator().manual_seed(0))
    assert len(rows) == len(views) == 2 * 6 + 4
    assert [len(set((part // 10).tolist())) for part in (rows[:6], rows[6:12])] == [1, 1], (
        "content after content"
    )
    assert len(set(rows[:12].tolist())) == 12
    assert sorted(rows[12:].tolist()) == sorted(rows[:12].tolist())[-4:]
    assert torch.equal(rows[12:], rows[best])
    assert torch.equal(views[12:], 1 - views[best])


def test_two_views_of_a_version_are_to_score_alike() -> None:
    def steady(twins: list[float]) -> float:
        scores = torch.tensor([0.1, 0.4, 0.6, 0.9, *twins])[:, None].expand(-1, 2)
        count, config = (
            len(scores),
            TrainingConfig(contents_ranked=1, twins=len(twins), steady_weight=2.0),
        )
        prediction, d = (
            Prediction(scores, torch.zeros(count), torch.eye(count, 8)),
            torch.eye(count, 8),
        )
        best = torch.tensor([3, 2])[: len(twins)]
        return float(_order_losses(prediction, scores[:, 0], d, best, config)["steady"])

    assert steady([0.9, 0.6]) == 0
    assert steady([0.8, 0.9]) == pytest.approx(2 * (0.1 + 0.3) / 2)
    assert steady([]) == 0
