"""A member of the scorer's small ensemble: what learns mean opinion scores, upon what is described once.

Our choice: each member has deep stages, a quality encoder, an interaction and a predictor of its
own, from another random start; how far they disagree is part of the spread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from harness.dri.network.backbone import DeepStages
from harness.dri.network.interaction import Interaction
from harness.dri.network.predictor import Predictor
from harness.dri.network.quality import QualityEncoder


class Member(nn.Module):
    """Deep stages, quality encoder, interaction and predictor.

    Args:
        backbone: Name of the timm model.
        shallow_widths: Channels of the shallow taps.
        dimension: Length of tokens and of q.
        assistance: Length of what the restoration network gives.
        heads: Heads of the predictor.
        dropout: Of the predictor; the encoder drops a quarter of it.
        use_quality: Ablation: without it the tokens of q are zero.
        use_interaction: Ablation: without it tokens pass as they are.
    """

    def __init__(
        self,
        backbone: str,
        shallow_widths: Sequence[int],
        dimension: int,
        assistance: int,
        heads: int,
        dropout: float,
        *,
        use_quality: bool = True,
        use_interaction: bool = True,
    ) -> None:
        super().__init__()
        self.deep = DeepStages(backbone)
        widths = (*shallow_widths, *self.deep.widths)
        self.means = nn.ParameterList(
            nn.Parameter(torch.zeros(2 * w), requires_grad=False) for w in self.deep.widths
        )
        self.scales = nn.ParameterList(
            nn.Parameter(torch.ones(2 * w), requires_grad=False) for w in self.deep.widths
        )
        self.quality = QualityEncoder(widths, dimension, dropout / 4)
        self.interaction = Interaction(dimension)
        tokens = len(shallow_widths) + len(widths)
        self.predictor = Predictor(tokens, dimension, assistance, heads, dropout=dropout)
        self.use_quality, self.use_interaction = use_quality, use_interaction

    def look(self, features: Tensor) -> list[Tensor]:
        """The deep taps, standardised, (N, P, 2 * width) each, of the shallow stages' map (N, C, h, w)."""
        return standardise(self.deep(features), self.means, self.scales)

    def forward(
        self,
        deep: Sequence[Tensor],
        shallow: Sequence[Tensor],
        degradation_tokens: Tensor,
        assistance: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Predicts.

        Args:
            deep: The deep taps, as `look` returns them.
            shallow: The shallow taps, standardised, (N, P, 2 * width) each.
            degradation_tokens: (N, P, shallow taps, D).
            assistance: (N, features) of the restoration network.

        Returns:
            Scores (N, heads) in about [0, 1], their spread (N,), and q (N, D).
        """
        d_tokens = degradation_tokens
        q_tokens, q = self.quality([*shallow, *deep])
        if not self.use_quality:
            q_tokens = torch.zeros_like(q_tokens)
        if self.use_interaction:
            d_tokens, q_tokens = self.interaction(d_tokens, q_tokens)
        scores, spread = self.predictor(d_tokens, q_tokens, assistance)
        return scores, spread, q


def standardise(
    pooled: Sequence[Tensor], means: Iterable[Tensor], scales: Iterable[Tensor]
) -> list[Tensor]:
    """Shifts and scales a backbone's statistics by those of the training images."""
    parts = zip(pooled, means, scales, strict=True)
    return [((tap - mean) / scale).clamp(-6, 6) for tap, mean, scale in parts]
