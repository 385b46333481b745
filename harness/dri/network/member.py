"""A member of the scorer's small ensemble: what learns mean opinion scores.

It stands upon what is described once. Our choice: each member has deep stages, a quality encoder,
an interaction and a predictor of its own, from another random start; how far they disagree is part
of the spread.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from harness.dri.network.backbone import DeepStages
from harness.dri.network.config import NetworkConfig
from harness.dri.network.interaction import Interaction
from harness.dri.network.predictor import Predictor
from harness.dri.network.representation import QualityEncoder


class Member(nn.Module):
    """Deep stages, quality encoder, interaction and predictor.

    Args:
        config: The network's shape.
        shallow_widths: Channels of the shallow taps.
        assistance: Length of what the restoration network gives.
    """

    def __init__(
        self, config: NetworkConfig, shallow_widths: Sequence[int], assistance: int
    ) -> None:
        super().__init__()
        self.config = config
        self.deep = DeepStages(config.backbone)
        self.means, self.scales = standardisation(self.deep.widths)
        widths = (*shallow_widths, *self.deep.widths)
        self.quality = QualityEncoder(widths, config.dimension, config.dropout / 4)
        self.interaction = Interaction(config.dimension)
        self.predictor = Predictor(
            tokens=len(shallow_widths) + len(widths),
            dimension=config.dimension,
            assistance=assistance,
            heads=config.heads,
            dropout=config.dropout,
        )

    def look(self, features: Tensor) -> list[Tensor]:
        """The deep taps, standardised, (N, P, 2 * width) each, of the shallow map (N, C, h, w)."""
        return standardise(self.deep(features), self.means, self.scales)

    def forward(
        self,
        deep: Sequence[Tensor],
        shallow: Sequence[Tensor],
        d_tokens: Tensor,
        assistance: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Predicts.

        Args:
            deep: The deep taps, as `look` returns them.
            shallow: The shallow taps, standardised, (N, P, 2 * width) each.
            d_tokens: Degradation tokens (N, P, shallow taps, D).
            assistance: (N, features) of the restoration network.

        Returns:
            Scores (N, heads) in about [0, 1], their spread (N,), and q (N, D).
        """
        q_tokens, q = self.quality([*shallow, *deep])
        if not self.config.use_quality:
            q_tokens = torch.zeros_like(q_tokens)
        if self.config.use_interaction:
            d_tokens, q_tokens = self.interaction(d_tokens, q_tokens)
        scores, spread = self.predictor(d_tokens, q_tokens, assistance)
        return scores, spread, q


def standardisation(widths: Iterable[int]) -> tuple[nn.ParameterList, nn.ParameterList]:
    """Means and scales, (2 * width,) for each tap; they change nothing until stage 1 sets them."""
    means = [nn.Parameter(torch.zeros(2 * width), requires_grad=False) for width in widths]
    scales = [nn.Parameter(torch.ones(2 * width), requires_grad=False) for width in widths]
    return nn.ParameterList(means), nn.ParameterList(scales)


def standardise(
    pooled: Sequence[Tensor], means: Iterable[Tensor], scales: Iterable[Tensor]
) -> list[Tensor]:
    """Shifts and scales a backbone's statistics by those of the training images."""
    parts = zip(pooled, means, scales, strict=True)
    return [((tap - mean) / scale).clamp(-6, 6) for tap, mean, scale in parts]
