"""The scorer's network: backbone, two encoders, interaction, restoration, predictor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from harness.dri.backbone import Backbone
from harness.dri.degradation import DegradationEncoder
from harness.dri.interaction import Interaction
from harness.dri.predictor import Predictor
from harness.dri.quality import QualityEncoder
from harness.dri.restoration import RestorationNetwork


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Everything that decides the network's shape.

    Attributes:
        backbone: Name of the timm model.
        dimension: Length of tokens and of d and q.
        types: Degradation types that d tells apart.
        restoration_width: Channels of the restoration network's first level.
        heads: Heads of the predictor.
        dropout: Of the predictor; the encoders drop half as much.
        use_degradation: Ablation: without it the tokens of d are zero.
        use_quality: Ablation: without it the tokens of q are zero.
        use_interaction: Ablation: without it tokens pass as they are.
        use_restoration: Ablation: without it the assistance is zero.
    """

    backbone: str = "tf_efficientnet_lite0"
    dimension: int = 64
    types: int = 5
    restoration_width: int = 24
    heads: int = 4
    dropout: float = 0.4
    use_degradation: bool = True
    use_quality: bool = True
    use_interaction: bool = True
    use_restoration: bool = True

    def as_json(self) -> dict[str, Any]:
        """All fields as JSON types."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Description:
    """What the frozen part says of a batch; the trainable part of stage 2 starts from here.

    Attributes:
        pooled: For each tap (N, P, 2 * width), standardised.
        d: Degradation vectors (N, D), length 1.
        degradation_tokens: (N, P, taps, D).
        assistance: (N, features) of the restoration network.
        restored: (N, 3, H, W), or `None` when it was not kept.
    """

    pooled: list[Tensor]
    d: Tensor
    degradation_tokens: Tensor
    assistance: Tensor
    restored: Tensor | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of a batch.

    Attributes:
        scores: (N, heads) in about [0, 1], before calibration.
        spread: (N,), before calibration.
        q: Quality vectors (N, D), length 1.
    """

    scores: Tensor
    spread: Tensor
    q: Tensor


class DRINetwork(nn.Module):
    """The whole scorer.

    Args:
        config: The network's shape.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config.backbone)
        widths = self.backbone.widths
        self.means = nn.ParameterList(nn.Parameter(torch.zeros(2 * w), requires_grad=False) for w in widths)
        self.scales = nn.ParameterList(nn.Parameter(torch.ones(2 * w), requires_grad=False) for w in widths)
        self.degradation = DegradationEncoder(widths, config.dimension, config.types, config.dropout / 4)
        self.quality = QualityEncoder(widths, config.dimension, config.dropout / 4)
        self.restoration = RestorationNetwork(config.dimension, config.restoration_width)
        self.interaction = Interaction(config.dimension)
        self.predictor = Predictor(
            len(widths), config.dimension, self.restoration.features, config.heads, dropout=config.dropout
        )
        # score = offset + slope * mean of heads; spread = spread_slope * the predictor's: set by stage 3
        self.calibration = nn.Parameter(torch.tensor([0.0, 100.0, 100.0]), requires_grad=False)

    def standardise(self, pooled: Sequence[Tensor]) -> list[Tensor]:
        """Shifts and scales the backbone's statistics by those of the training images."""
        parts = zip(pooled, self.means, self.scales, strict=True)
        return [((tap - mean) / scale).clamp(-6, 6) for tap, mean, scale in parts]

    def describe(self, images: Tensor, keep_restored: bool = False) -> Description:
        """Everything that stage 2 does not train.

        Args:
            images: (N, 3, H, W) in [0, 1], H and W even and at least 64.
            keep_restored: Whether to return the restored images.
        """
        pooled = self.standardise(self.backbone(images))
        tokens, d = self.degradation(pooled)
        restored, assistance = self.restoration(images, d)
        return Description(pooled, d, tokens, assistance, restored if keep_restored else None)

    def predict(self, description: Description) -> Prediction:
        """Quality encoder, interaction and predictor."""
        config = self.config
        d_tokens, assistance = description.degradation_tokens, description.assistance
        q_tokens, q = self.quality(description.pooled)
        d_tokens = d_tokens if config.use_degradation else torch.zeros_like(d_tokens)
        q_tokens = q_tokens if config.use_quality else torch.zeros_like(q_tokens)
        assistance = assistance if config.use_restoration else torch.zeros_like(assistance)
        if config.use_interaction:
            d_tokens, q_tokens = self.interaction(d_tokens, q_tokens)
        scores, spread = self.predictor(d_tokens, q_tokens, assistance)
        return Prediction(scores, spread, q)

    def calibrate(self, prediction: Prediction) -> tuple[Tensor, Tensor]:
        """Scores (N,) in [0, 100] and their standard deviations (N,) in points."""
        offset, slope, spread_slope = self.calibration
        scores = (offset + slope * prediction.scores.mean(dim=1)).clamp(0, 100)
        return scores, prediction.spread * spread_slope

    def forward(self, images: Tensor, return_representations: bool = False) -> Any:
        """Scores a batch of images of one size.

        Args:
            images: (N, 3, H, W) in [0, 1], H and W even and at least 64.
            return_representations: Also return d (N, D), q (N, D) and the restored images (N, 3, H, W).

        Returns:
            Scores (N,) in [0, 100] and spreads (N,); with representations a dictionary of all five.
        """
        description = self.describe(images, keep_restored=return_representations)
        prediction = self.predict(description)
        scores, spread = self.calibrate(prediction)
        if not return_representations:
            return scores, spread
        return {
            "scores": scores,
            "spread": spread,
            "d": description.d,
            "q": prediction.q,
            "restored": description.restored,
        }
