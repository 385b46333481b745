"""The degradation encoder: which degradation, and how strong.

Stated by the paper: degradation vectors model the degradation of the low-quality image. Our choice:
supervised contrastive learning on synthetic degradations, with heads for type and level.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from harness.dri.network.representation import RepresentationEncoder


class DegradationEncoder(nn.Module):
    """Degradation tokens, the vector d, and what d says of type and level.

    Args:
        widths: Channels of each backbone tap.
        dimension: Length of tokens and of d.
        types: Number of degradation types.
        dropout: Of the statistics.
    """

    def __init__(self, widths: Sequence[int], dimension: int, types: int, dropout: float) -> None:
        super().__init__()
        self.encoder = RepresentationEncoder(widths, dimension, dropout)
        self.type_head = nn.Linear(dimension, types)
        self.level_head = nn.Linear(dimension, types)

    def forward(self, pooled: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Returns tokens (N, P, taps, D) and d (N, D)."""
        tokens, vector = self.encoder(pooled)
        return tokens, vector

    def classify(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        """What d says.

        Args:
            vector: (N, D).

        Returns:
            Logits of each type (N, types), multi-label; levels in [0, 1] (N, types).
        """
        return self.type_head(8 * vector), self.level_head(8 * vector).sigmoid()
