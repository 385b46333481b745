"""The restoration network, which assists the prediction.

Stated by the paper: a restoration network provides the MOS predictor with degradation information.
Our choice: a small U-Net of NAF blocks (Chen et al., ECCV 2022) on half resolution, conditioned on
d by FiLM (Perez et al., AAAI 2018).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

FEATURES_OF_RESIDUAL = 8


class NAFBlock(nn.Module):
    """Simple gates and channel attention instead of activations.

    Args:
        width: Channels.
        condition: Length of d.
    """

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(1, width), nn.GroupNorm(1, width)
        self.expand = nn.Conv2d(width, 2 * width, 1)
        self.spread = nn.Conv2d(2 * width, 2 * width, 3, 1, 1, groups=2 * width)
        self.attend, self.reduce = nn.Conv2d(width, width, 1), nn.Conv2d(width, width, 1)
        self.feed, self.back = nn.Conv2d(width, 2 * width, 1), nn.Conv2d(width, width, 1)
        self.film = nn.Linear(condition, 2 * width)
        self.beta, self.gamma = (nn.Parameter(torch.full((1, width, 1, 1), 0.1)) for _ in range(2))

    def forward(self, x: Tensor, d: Tensor) -> Tensor:
        """(N, width, h, w), (N, condition) -> (N, width, h, w)."""
        scale, shift = self.film(d)[:, :, None, None].chunk(2, dim=1)
        a, b = self.spread(self.expand(self.norm1(x) * (1 + scale) + shift)).chunk(2, dim=1)
        gated = a * b
        x = x + self.beta * self.reduce(gated * self.attend(gated.mean((2, 3), keepdim=True)))
        a, b = self.feed(self.norm2(x)).chunk(2, dim=1)
        fed: Tensor = x + self.gamma * self.back(a * b)
        return fed


class RestorationNetwork(nn.Module):
    """Three levels; predicts the residual that was added.

    Args:
        condition: Length of d.
        width: Channels of the first level.
    """

    def __init__(self, condition: int, width: int = 24) -> None:
        super().__init__()
        self.head, self.tail = nn.Conv2d(12, width, 3, 1, 1), nn.Conv2d(width, 12, 3, 1, 1)
        widths = [width, 2 * width, 4 * width]
        self.down = nn.ModuleList(nn.Conv2d(w, 2 * w, 2, 2) for w in widths[:2])
        self.up = nn.ModuleList(nn.Conv2d(2 * w, 4 * w, 1) for w in reversed(widths[:2]))
        self.encoder = nn.ModuleList(NAFBlock(w, condition) for w in widths[:2])
        self.middle = nn.ModuleList(NAFBlock(widths[2], condition) for _ in range(2))
        self.decoder = nn.ModuleList(NAFBlock(w, condition) for w in reversed(widths[:2]))
        self.features = 2 * width + FEATURES_OF_RESIDUAL

    def forward(self, images: Tensor, d: Tensor) -> tuple[Tensor, Tensor]:
        """Restores.

        Args:
            images: (N, 3, H, W) in [0, 1].
            d: (N, condition).

        Returns:
            Restored images (N, 3, H, W), not clipped; assistance (N, features): pooled decoder
            features, and statistics of the residual that was removed.
        """
        height, width = images.shape[2:]
        padded = F.pad(images, (0, -width % 8, 0, -height % 8), mode="replicate")
        # channels last: a fifth less time on a CPU
        x = self.head(F.pixel_unshuffle(padded, 2).contiguous(memory_format=torch.channels_last))
        skips = []
        for block, down in zip(self.encoder, self.down, strict=True):
            skips.append(block(x, d))
            x = down(skips[-1])
        for block in self.middle:
            x = block(x, d)
        for block, up in zip(self.decoder, self.up, strict=True):
            x = block(F.pixel_shuffle(up(x), 2) + skips.pop(), d)
        residual = F.pixel_shuffle(self.tail(x), 2)[:, :, :height, :width]
        decoded = torch.cat([x.mean((2, 3)), x.std((2, 3))], dim=1)
        return images + residual, torch.cat([decoded, residual_statistics(residual)], dim=1)


def residual_statistics(residual: Tensor) -> Tensor:
    """How large, how coarse and how uneven the removed residual is.

    Args:
        residual: (N, 3, H, W).

    Returns:
        (N, 8): log standard deviations of grey and colour parts at full, half, quarter and eighth
        resolution.
    """
    grey = residual.mean(1, keepdim=True)
    colour = residual - grey
    values = []
    for factor in (1, 2, 4, 8):
        for part in (grey, colour):
            small = F.avg_pool2d(part, factor) if min(part.shape[2:]) >= factor else part
            values.append(torch.log(small.pow(2).mean((1, 2, 3)).sqrt() + 1e-4))
    return torch.stack(values, dim=1)
