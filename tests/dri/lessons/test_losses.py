"""The losses: what each of them wants."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from harness.dri.lessons.losses import (
    contrastive_degradation_loss,
    decorrelation_loss,
    plcc_loss,
    rank_loss,
    rs_loss,
    similarity_loss,
)


def unit(count: int = 6, dimension: int = 4) -> Tensor:
    return torch.nn.functional.normalize(torch.randn(count, dimension), dim=1)


def test_correlation_loss_is_zero_for_a_line_and_one_for_its_mirror() -> None:
    target = torch.tensor([0.1, 0.5, 0.2, 0.9])
    assert float(plcc_loss(3 * target + 2, target)) == pytest.approx(0, abs=1e-6)
    assert float(plcc_loss(-target, target)) == pytest.approx(1, abs=1e-6)


def test_rank_loss_counts_pairs_in_the_wrong_order_only() -> None:
    target = torch.tensor([0.1, 0.5, 0.9])
    assert float(rank_loss(target, target)) == 0
    assert float(rank_loss(-target, target)) > 0
    assert float(rank_loss(-target / 100, target, margin=1.0)) == 0


def test_contrast_prefers_the_same_degradation_close_together() -> None:
    labels = torch.tensor([0, 0, 1, 1])
    right = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    wrong = torch.tensor([[1.0, 0], [0, 1], [1, 0], [0, 1]])
    close, apart = (float(contrastive_degradation_loss(d, labels)) for d in (right, wrong))
    assert close < apart
    assert float(contrastive_degradation_loss(right, torch.arange(4))) == 0


def test_similarities_follow_the_scores() -> None:
    scores = torch.tensor([0.1, 0.1, 0.9])
    right = torch.tensor([[1.0, 0], [1, 0], [-1, 0]])
    assert float(similarity_loss(right, scores)) < float(similarity_loss(right.flip(0), scores))


def test_decorrelation_sees_what_is_shared() -> None:
    torch.manual_seed(0)
    d, q = torch.randn(400, 8), torch.randn(400, 8)
    assert float(decorrelation_loss(d, q)) < 0.02 < float(decorrelation_loss(d, d))


def test_rs_loss_wants_reference_above_restored_above_degraded() -> None:
    torch.manual_seed(0)
    d, q = (unit(), unit(), unit()), (unit(), unit(), unit())
    scores = torch.tensor([[0.3] * 6, [0.6] * 6, [1.0] * 6])
    assert float(rs_loss(d, q, scores, scores)) < float(rs_loss(d, q, scores.flip(0), scores))
    nearer, further = (d[0], d[2], d[2]), (d[0], -d[2], d[2])
    assert float(rs_loss(nearer, q, scores, scores)) < float(rs_loss(further, q, scores, scores))
