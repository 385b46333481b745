"""Tokens of the two representations: what the degradation encoder and the quality encoder have in common.

The paper states that degradation vectors and quality vectors model an image's degradation and
quality separately. Our choice: each encoder has one token a backbone tap, from that tap's pooled
statistics.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ScaleTokens(nn.Module):
    """One token a tap.

    Args:
        widths: Channels of each tap of the backbone.
        dimension: Length of a token.
        dropout: Share of the statistics that training leaves out.
    """

    def __init__(self, widths: Sequence[int], dimension: int, dropout: float) -> None:
        super().__init__()
        self.inputs = nn.ModuleList(nn.Linear(2 * width, dimension) for width in widths)
        self.norm = nn.LayerNorm(dimension)
        self.mix = nn.Sequential(
            nn.Linear(dimension, 2 * dimension), nn.GELU(), nn.Linear(2 * dimension, dimension)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, pooled: Sequence[Tensor]) -> Tensor:
        """Makes tokens.

        Args:
            pooled: For each tap (N, P, 2 * width), standardised.

        Returns:
            (N, P, taps, dimension).
        """
        tokens = torch.stack(
            [layer(self.dropout(tap)) for layer, tap in zip(self.inputs, pooled, strict=True)],
            dim=2,
        )
        mixed: Tensor = tokens + self.mix(self.norm(tokens))
        return mixed


class RepresentationEncoder(nn.Module):
    """Tokens, and one unit vector for the whole image.

    Args:
        widths: Channels of each tap.
        dimension: Length of tokens and of the vector.
        dropout: Of the statistics.
    """

    def __init__(self, widths: Sequence[int], dimension: int, dropout: float) -> None:
        super().__init__()
        self.tokens = ScaleTokens(widths, dimension, dropout)
        self.project = nn.Linear(len(widths) * dimension, dimension)

    def forward(self, pooled: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Encodes.

        Args:
            pooled: For each tap (N, P, 2 * width), standardised; patch 0 is the whole image.

        Returns:
            Tokens (N, P, taps, D), and the vector (N, D) of length 1.
        """
        tokens = self.tokens(pooled)
        return tokens, F.normalize(self.project(tokens[:, 0].flatten(1)), dim=1)
