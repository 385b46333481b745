"""How the two representations interact.

Stated by the paper: the representations interact, helped by the RS loss. Our choice: at each patch
the tokens of d and q attend to one another across scales, with gated residuals that start almost
closed.
"""

import torch
from torch import Tensor, nn


class CrossAttention(nn.Module):
    """Tokens that look at other tokens through a gate.

    Args:
        dimension: Length of a token.
        heads: Attention heads.
        dropout: Of the attention weights.
    """

    def __init__(self, dimension: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm_own, self.norm_other = nn.LayerNorm(dimension), nn.LayerNorm(dimension)
        self.attention = nn.MultiheadAttention(dimension, heads, dropout=dropout, batch_first=True)
        self.gate = nn.Parameter(torch.full((dimension,), 0.1))

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """Returns own tokens (N, T, D) with what they took from the others' (N, T', D)."""
        seen = self.norm_other(other)
        taken, _ = self.attention(self.norm_own(own), seen, seen, need_weights=False)
        gated: Tensor = own + torch.tanh(self.gate) * taken
        return gated


class Interaction(nn.Module):
    """Both directions at once: d takes from q, and q from d.

    Args:
        dimension: Length of a token.
        heads: Attention heads.
        dropout: Of the attention weights.
    """

    def __init__(self, dimension: int, heads: int = 4, dropout: float = 0.1) -> None:
        super().__init__()
        self.to_degradation = CrossAttention(dimension, heads, dropout)
        self.to_quality = CrossAttention(dimension, heads, dropout)

    def forward(self, degradation: Tensor, quality: Tensor) -> tuple[Tensor, Tensor]:
        """Lets tokens of the same patch interact.

        Args:
            degradation: (N, P, taps of d, D).
            quality: (N, P, taps of q, D).

        Returns:
            d' and q', of the same shapes.
        """
        d, q = degradation.flatten(0, 1), quality.flatten(0, 1)
        d, q = self.to_degradation(d, q), self.to_quality(q, d)
        return d.view_as(degradation), q.view_as(quality)
