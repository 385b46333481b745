"""The MOS predictor: a score and a weight for each patch.

Stated by the paper: a MOS predictor that the restoration network assists. Our choice:
patch-weighted regression (after Bosse et al., IEEE TIP 2018) by a few small heads, whose
disagreement is part of the spread.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn


def patch_head(inputs: int, width: int, dropout: float) -> nn.Module:
    """One head: (N, P, inputs) -> (N, P, 2), the score and the logarithm of its weight.

    Args:
        inputs: Length of a patch's description.
        width: Hidden units.
        dropout: Of inputs and hidden units.
    """
    layers = nn.Sequential(
        nn.LayerNorm(inputs),
        nn.Dropout(dropout),
        nn.Linear(inputs, width),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(width, 2),
    )
    return nn.Sequential(OrderedDict(layers=layers))  # weight files have them under this name


class Predictor(nn.Module):
    """Several heads over the same patches.

    Args:
        tokens: Tokens of both representations in a patch.
        dimension: Length of a token.
        assistance: Length of what the restoration network gives.
        heads: Number of heads.
        width: Hidden units of a head.
        dropout: Of inputs and hidden units.
    """

    def __init__(
        self,
        tokens: int,
        dimension: int,
        assistance: int,
        heads: int = 4,
        width: int = 128,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.assist = nn.Sequential(nn.LayerNorm(assistance), nn.Linear(assistance, dimension))
        inputs = (tokens + 1) * dimension
        self.heads = nn.ModuleList(patch_head(inputs, width, dropout) for _ in range(heads))

    def forward(
        self, degradation: Tensor, quality: Tensor, assistance: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Predicts.

        Args:
            degradation: d' (N, P, taps of d, D).
            quality: q' (N, P, taps of q, D).
            assistance: (N, features).

        Returns:
            Scores (N, heads) in about [0, 1], and their spread (N,): the standard deviation over
            heads and patches.
        """
        helped = self.assist(assistance)[:, None].expand(-1, degradation.shape[1], -1)
        patches = torch.cat([degradation.flatten(2), quality.flatten(2), helped], dim=2)
        both = torch.stack([head(patches) for head in self.heads], dim=1)
        scores, weights = both[..., 0], both[..., 1].softmax(dim=2)
        means = (scores * weights).sum(dim=2)
        within = (weights * (scores - means[..., None]).pow(2)).sum(dim=2).mean(dim=1)
        return means, (within + means.var(dim=1, unbiased=False) + 1e-8).sqrt()
