"""Residual Local Feature Network (Kong et al., CVPR Workshops 2022, arXiv 2205.07514).

It is built after the paper's figures 2 to 4.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

BLOCKS = 6
FEATURES = 52
ATTENTION_FEATURES = 16
SMALLEST = 15
"""Pixels of height and width.

Below, the strided convolution leaves less than the 7x7 window of the attention's pooling.
"""


class SpatialAttention(nn.Module):
    """Enhanced spatial attention (Liu et al., RFANet, CVPR 2020).

    It is a mask from a coarse view of all features. The names of the layers are those of the
    published checkpoints.
    """

    def __init__(self, features: int, reduced: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, reduced, 1)
        self.conv_f = nn.Conv2d(reduced, reduced, 1)
        self.conv2 = nn.Conv2d(reduced, reduced, 3, stride=2)
        self.conv3 = nn.Conv2d(reduced, reduced, 3, padding=1)
        self.conv4 = nn.Conv2d(reduced, features, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        reduced = self.conv1(image)
        coarse = self.conv3(F.max_pool2d(self.conv2(reduced), kernel_size=7, stride=3))
        size = (image.shape[2], image.shape[3])
        enlarged = F.interpolate(coarse, size, mode="bilinear", align_corners=False)
        return image * torch.sigmoid(self.conv4(enlarged + self.conv_f(reduced)))


class LocalFeatureBlock(nn.Module):
    """Three convolutions around one skip connection, a 1x1 convolution, and the attention."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.c1_r = nn.Conv2d(features, features, 3, padding=1)
        self.c2_r = nn.Conv2d(features, features, 3, padding=1)
        self.c3_r = nn.Conv2d(features, features, 3, padding=1)
        self.c5 = nn.Conv2d(features, features, 1)
        self.esa = SpatialAttention(features, ATTENTION_FEATURES)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        inner = image
        for convolution in (self.c1_r, self.c2_r, self.c3_r):
            inner = F.leaky_relu(convolution(inner), 0.05)
        attended: torch.Tensor = self.esa(self.c5(inner + image))
        return attended


class Network(nn.Module):
    """(N, 3, H, W) in 0-255 to (N, 3, scale * H, scale * W)."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(3, FEATURES, 3, padding=1)
        for number in range(1, BLOCKS + 1):
            self.add_module(f"block_{number}", LocalFeatureBlock(FEATURES))
        self.conv_2 = nn.Conv2d(FEATURES, FEATURES, 3, padding=1)
        self.upsampler = nn.Sequential(
            nn.Conv2d(FEATURES, 3 * scale**2, 3, padding=1), nn.PixelShuffle(scale)
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        shallow = self.conv_1(image)
        deep = shallow
        for number in range(1, BLOCKS + 1):
            deep = self.get_submodule(f"block_{number}")(deep)
        enlarged: torch.Tensor = self.upsampler(self.conv_2(deep) + shallow)
        return enlarged
