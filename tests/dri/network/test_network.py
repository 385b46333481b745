"""The scorer's network: shapes, independence of the batch, what the parts are for."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from harness.dri.network.config import NetworkConfig
from harness.dri.network.network import DRINetwork, bounded


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
    without = DRINetwork(NetworkConfig(**{part: False})).eval()
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
    described = [network.describe(each) for each in (images, images.flip(3))]
    seen, mirrored = (replace(each, assistance=assistance.zero_()) for each in described)
    assert torch.allclose(network.judge(seen).scores, network.judge(mirrored).scores, atol=1e-5)
    halves = network.predict(seen).scores.split(2)
    assert torch.allclose(network.judge(seen).scores, (halves[0] + halves[1]) / 2)


@torch.inference_mode()
def test_without_a_mirror_image_an_image_is_described_once() -> None:
    torch.manual_seed(0)
    network = DRINetwork(NetworkConfig(mirrored=False)).eval()
    described = network.describe(torch.rand(2, 3, 64, 96))
    assert len(described.d) == len(described.features) == len(described.assistance) == 2
    assert torch.equal(network.judge(described).scores, network.predict(described).scores)


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
