"""The backbone says what timm says; pooling; sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.dri.network.backbone import GRID, PATCHES, ShallowStages, fit_size, pool
from harness.dri.network.config import NetworkConfig
from harness.dri.network.efficientnet import SCALES
from harness.dri.network.imagenet import load_imagenet
from harness.dri.network.network import DRINetwork
from harness.errors import InputError


def load(path: Path, network: DRINetwork) -> None:
    load_imagenet(path, network.config.backbone, network.shallow, network.members[0].deep)


@pytest.mark.parametrize("name", SCALES)
@torch.inference_mode()
def test_the_stages_say_what_timm_says(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    whole = timm.create_model(name, pretrained=False).eval()
    for layer in whole.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):  # as after training; a fresh one does nothing
            layer.running_mean.uniform_(-0.5, 0.5)
            layer.running_var.uniform_(0.5, 2)
    torch.save(whole.state_dict(), tmp_path / "imagenet.pth")
    network = DRINetwork(NetworkConfig(name))
    load(tmp_path / "imagenet.pth", network)
    for module in (network, whole):
        module.double()  # rounding grows from stage to stage
    images = torch.rand(1, 3, 97, 66, dtype=torch.float64)  # padded to either side
    features, shallow = network.shallow(images)
    seen = whole.bn1(whole.conv_stem((images * 255 - 127) / 128))
    pooled = [*shallow, *network.members[0].deep(features)]
    for block, found in zip(whole.blocks, pooled, strict=True):
        seen = block(seen)
        tolerance = 1e-4 * float(seen.abs().max())
        assert torch.allclose(found, pool(seen.float()), rtol=1e-4, atol=tolerance)


def test_another_backbone_is_refused() -> None:
    with pytest.raises(InputError, match="expected one of tf_efficientnet_lite0, "):
        ShallowStages("resnet50")


def test_imagenet_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    network = DRINetwork(NetworkConfig())
    torch.save({"conv_stem.weight": torch.zeros(1, 3, 3, 3)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match="is not the backbone's ImageNet file"):
        load(tmp_path / "other.pth", network)


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
