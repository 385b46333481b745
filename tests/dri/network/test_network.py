"""The scorer's network and losses: shapes, independence of the batch, what the parts are for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from harness.dri.network.backbone import GRID, PATCHES, fit_size, load_imagenet, pool
from harness.dri.network.network import DRINetwork, NetworkConfig, bounded
from harness.dri.training.losses import (
    contrastive_degradation_loss,
    decorrelation_loss,
    plcc_loss,
    rank_loss,
    rs_loss,
    similarity_loss,
)
from harness.errors import InputError


@pytest.fixture(scope="module")
def network() -> DRINetwork:
    torch.manual_seed(0)
    return DRINetwork(NetworkConfig()).eval()


@torch.inference_mode()
def test_shapes_of_scores_and_representations(network: DRINetwork) -> None:
    images = torch.rand(2, 3, 66, 98)
    said = network(images, return_representations=True)
    dimension = network.config.dimension
    assert said["scores"].shape == said["spread"].shape == (2,)
    assert said["d"].shape == said["q"].shape == (2, dimension)
    assert said["restored"].shape == images.shape
    for vector in (said["d"], said["q"]):
        assert torch.allclose(vector.norm(dim=1), torch.ones(2), atol=1e-5)
    assert 0 <= float(said["scores"].min()) <= float(said["scores"].max()) <= 100
    assert float(said["spread"].min()) > 0


@torch.inference_mode()
def test_a_score_does_not_depend_on_its_neighbours(network: DRINetwork) -> None:
    images = torch.rand(3, 3, 64, 64)
    together, _ = network(images)
    alone = torch.cat([network(image[None])[0] for image in images])
    assert torch.allclose(together, alone, atol=1e-3)
    normalised = [layer for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    assert normalised == [], "batch statistics would make it depend on them"


@pytest.mark.parametrize(
    "part", ["use_degradation", "use_quality", "use_interaction", "use_restoration"]
)
@torch.inference_mode()
def test_every_part_has_a_say(part: str) -> None:
    images = torch.rand(1, 3, 64, 64)
    torch.manual_seed(0)
    whole = DRINetwork(NetworkConfig()).eval()
    without = DRINetwork(NetworkConfig(**{part: False})).eval()  # type: ignore[arg-type]
    without.load_state_dict(whole.state_dict())
    scores = [network.predict(network.describe(images)).scores for network in (whole, without)]
    assert not torch.equal(*scores)


@torch.inference_mode()
def test_members_are_averaged_and_their_disagreement_is_spread() -> None:
    torch.manual_seed(0)
    network = DRINetwork(NetworkConfig(members=2, heads=2)).eval()
    description = network.describe(torch.rand(1, 3, 64, 64))
    alone = [network.predict(description, [member]) for member in network.members]
    together = network.predict(description)
    assert torch.equal(together.scores, torch.cat([item.scores for item in alone], dim=1))
    means = torch.stack([item.scores.mean(1) for item in alone])
    within = torch.stack([item.spread for item in alone]).pow(2).mean(0)
    assert torch.allclose(together.spread.pow(2), within + means.var(0, unbiased=False))


@torch.inference_mode()
def test_an_image_and_its_mirror_image_score_alike(network: DRINetwork) -> None:
    images = torch.rand(2, 3, 64, 96)
    assistance = network.describe(images).assistance
    seen, mirrored = (
        replace(network.describe(each), assistance=assistance.zero_())
        for each in (images, images.flip(3))
    )
    assert torch.allclose(network.judge(seen).scores, network.judge(mirrored).scores, atol=1e-5)
    halves = network.predict(seen).scores.split(2)
    assert torch.allclose(network.judge(seen).scores, (halves[0] + halves[1]) / 2)


@torch.inference_mode()
def test_the_stages_say_what_timm_says(tmp_path: Path) -> None:
    torch.manual_seed(0)
    whole = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    for layer in whole.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):  # as after training; a fresh one does nothing
            layer.running_mean.uniform_(-0.5, 0.5)
            layer.running_var.uniform_(0.5, 2)
    torch.save(whole.state_dict(), tmp_path / "imagenet.pth")
    network = DRINetwork(NetworkConfig())
    load_imagenet(
        tmp_path / "imagenet.pth", network.config.backbone, network.shallow, network.members[0].deep
    )
    for module in (network, whole):
        module.double()  # rounding grows from stage to stage
    images = torch.rand(1, 3, 96, 64, dtype=torch.float64)
    features, shallow = network.shallow(images)
    seen = whole.bn1(whole.conv_stem((images * 255 - 127) / 128))
    for block, found in zip(
        whole.blocks, [*shallow, *network.members[0].deep(features)], strict=True
    ):
        seen = block(seen)
        assert torch.allclose(
            found, pool(seen.float()), rtol=1e-4, atol=1e-4 * float(seen.abs().max())
        )


def test_imagenet_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    network = DRINetwork(NetworkConfig())
    torch.save({"conv_stem.weight": torch.zeros(1, 3, 3, 3)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match="is not the backbone's ImageNet file"):
        load_imagenet(
            tmp_path / "other.pth",
            network.config.backbone,
            network.shallow,
            network.members[0].deep,
        )


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 90), st.integers(1, 90))
def test_small_and_odd_images_are_mirrored(height: int, width: int) -> None:
    image = torch.rand(1, 3, height, width)
    fitted = fit_size(image)
    for side, given_side in zip(fitted.shape[2:], (height, width), strict=True):
        assert side % 2 == 0
        assert side == max(64, given_side + given_side % 2)
    assert torch.equal(fitted[:, :, :height, :width], image)


def test_pooling_takes_means_and_deviations_of_cells() -> None:
    features = torch.rand(2, 5, 8, 8, dtype=torch.float64)
    pooled = pool(features)
    assert pooled.shape == (2, PATCHES, 10)
    assert torch.allclose(pooled[:, 0, :5], features.mean((2, 3)))
    assert torch.allclose(pooled[:, 0, 5:], features.std((2, 3), unbiased=False), atol=1e-6)
    corner = features[:, :, : 8 // GRID, : 8 // GRID]
    assert torch.allclose(pooled[:, 1, :5], corner.mean((2, 3)))


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
    assert float(contrastive_degradation_loss(right, labels)) < float(
        contrastive_degradation_loss(wrong, labels)
    )
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
    nearer = (d[0], d[2], d[2])
    assert float(rs_loss(nearer, q, scores, scores)) < float(
        rs_loss((d[0], -d[2], d[2]), q, scores, scores)
    )


def test_scores_stay_in_their_range_and_never_tie() -> None:
    points = torch.arange(-80.05, 150, 0.1, requires_grad=True)
    scores, slopes = bounded(points)
    assert float(scores.detach().min()) > 0
    assert float(scores.detach().max()) < 100
    assert (scores.diff() > 0).all()
    middle = (points >= 10) & (points <= 90)
    assert torch.allclose(scores[middle], points[middle])
    scores.sum().backward()
    assert points.grad is not None
    assert torch.allclose(points.grad, slopes, atol=1e-5)
