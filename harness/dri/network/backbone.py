"""The backbone: pooled statistics of an ImageNet network's stages.

Our choice, not the paper's: timm's `tf_efficientnet_lite0` with ImageNet weights (Apache-2.0),
seven taps. The three shallow stages stay frozen; stage 2 of the training fine-tunes the four deep
ones.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.dri.network.efficientnet import build_stages

GRID = 2
"""Patches a side: an image is described by GRID x GRID cells and once as a whole."""

PATCHES = GRID * GRID + 1

SHALLOW = 3
"""Stages that stay as ImageNet left them.

They see low-level things; their maps can be kept while the rest learns.
"""


class ShallowStages(nn.Module):
    """Stem and first stages of an EfficientNet, frozen.

    Args:
        name: One of `efficientnet.SCALES`.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.stem, stages = build_stages(name)
        self.stages = stages[:SHALLOW]
        self.widths = tuple(_width(stage) for stage in self.stages)
        self.requires_grad_(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Looks at images.

        Args:
            images: (N, 3, H, W) in [0, 1], H and W at least 32.

        Returns:
            The map (N, C, H/8, W/8) that the deep stages start from, and for each tap (N, PATCHES,
            2 * width): means, then standard deviations; the whole image comes first.
        """
        # channels last: a third less time on a CPU
        scaled = ((images * 255 - 127) / 128).contiguous(memory_format=torch.channels_last)
        return _run(self.stages, self.stem(scaled))


class DeepStages(nn.Module):
    """The other stages of an EfficientNet.

    Batch normalisation is folded into their convolutions: they learn from small batches, a score
    cannot depend on its neighbours, and a step takes a quarter less.

    Args:
        name: One of `efficientnet.SCALES`.

    Attributes:
        half_precision: Whether they compute in bfloat16; training on CUDA does.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.stages = build_stages(name)[1][SHALLOW:]
        self.widths = tuple(_width(stage) for stage in self.stages)
        self.half_precision = False

    def forward(self, features: Tensor) -> list[Tensor]:
        """For each tap (N, PATCHES, 2 * width), from the map (N, C, h, w) of the shallow stages."""
        with torch.autocast(features.device.type, torch.bfloat16, enabled=self.half_precision):
            return _run(self.stages, features)[1]


def _width(stage: nn.Module) -> int:
    """Channels that a stage returns: those of its last convolution."""
    convolutions = [layer for layer in stage.modules() if isinstance(layer, nn.Conv2d)]
    return convolutions[-1].out_channels


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


def cut(image: Tensor, side: int) -> list[Tensor]:
    """Cuts (N, 3, H, W) into equal parts of at most `side` pixels a side.

    An image of no more than side x side pixels stays whole, whatever its shape.
    """
    height, width = image.shape[2:]
    if height * width <= side * side:
        return [image]
    rows = image.tensor_split(-(-height // side), dim=2)
    return [part for row in rows for part in row.tensor_split(-(-width // side), dim=3)]
