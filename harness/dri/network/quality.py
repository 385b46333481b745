"""The quality encoder: how good, whatever the degradation.

Stated by the paper: quality vectors model the quality of the low-quality image. Our choice:
rank-aware contrastive learning with pseudo-scores on synthetic data, and MOS where there is MOS.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from harness.dri.network.representation import RepresentationEncoder


class QualityEncoder(nn.Module):
    """Quality tokens, the vector q, and a rough quality read off q alone.

    Args:
        widths: Channels of each backbone tap.
        dimension: Length of tokens and of q.
        dropout: Of the statistics.
    """

    def __init__(self, widths: Sequence[int], dimension: int, dropout: float) -> None:
        super().__init__()
        self.encoder = RepresentationEncoder(widths, dimension, dropout)
        self.rough = nn.Linear(dimension, 1)

    def forward(self, pooled: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Returns tokens (N, P, taps, D) and q (N, D)."""
        tokens, vector = self.encoder(pooled)
        return tokens, vector

    def grade(self, vector: Tensor) -> Tensor:
        """A rough quality (N,) in about [0, 1], for the pseudo-scores of stage 1."""
        grade: Tensor = self.rough(8 * vector)[:, 0]
        return grade
