"""The two representations: degradation vectors d and quality vectors q, with their tokens.

The paper states that they model an image's degradation and quality separately. Our choice: each
encoder has one token a backbone tap, from that tap's pooled statistics. The degradation encoder
learns by supervised contrast on synthetic degradations, with heads for type and level; the quality
encoder, whatever the degradation, by rank-aware contrast with pseudo-scores on synthetic data, and
MOS where there is MOS.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


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
        layers = zip(self.inputs, pooled, strict=True)
        tokens = torch.stack([layer(self.dropout(tap)) for layer, tap in layers], dim=2)
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
        tokens = ScaleTokens(widths, dimension, dropout)
        project = nn.Linear(len(widths) * dimension, dimension)
        # in a dictionary, for weight files call them `encoder.tokens` and `encoder.project`
        self.encoder = nn.ModuleDict({"tokens": tokens, "project": project})

    def forward(self, pooled: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Encodes.

        Args:
            pooled: For each tap (N, P, 2 * width), standardised; patch 0 is the whole image.

        Returns:
            Tokens (N, P, taps, D), and the vector (N, D) of length 1.
        """
        tokens = self.encoder["tokens"](pooled)
        vector = self.encoder["project"](tokens[:, 0].flatten(1))
        return tokens, nn.functional.normalize(vector, dim=1)


class DegradationEncoder(RepresentationEncoder):
    """Degradation tokens, the vector d, and what d says of type and level.

    Args:
        widths: Channels of each backbone tap.
        dimension: Length of tokens and of d.
        types: Number of degradation types.
        dropout: Of the statistics.
    """

    def __init__(self, widths: Sequence[int], dimension: int, types: int, dropout: float) -> None:
        super().__init__(widths, dimension, dropout)
        self.type_head = nn.Linear(dimension, types)
        self.level_head = nn.Linear(dimension, types)

    def classify(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        """Which degradation, and how strong, as d says.

        Args:
            vector: (N, D).

        Returns:
            Logits of each type (N, types), multi-label; levels in [0, 1] (N, types).
        """
        return self.type_head(8 * vector), self.level_head(8 * vector).sigmoid()


class QualityEncoder(RepresentationEncoder):
    """Quality tokens, the vector q, and a rough quality read off q alone.

    Args:
        widths: Channels of each backbone tap.
        dimension: Length of tokens and of q.
        dropout: Of the statistics.
    """

    def __init__(self, widths: Sequence[int], dimension: int, dropout: float) -> None:
        super().__init__(widths, dimension, dropout)
        self.rough = nn.Linear(dimension, 1)

    def grade(self, vector: Tensor) -> Tensor:
        """A rough quality (N,) in about [0, 1], for the pseudo-scores of stage 1."""
        grade: Tensor = self.rough(8 * vector)[:, 0]
        return grade
