"""The scorer's network: what describes an image once, and the members that judge it."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from harness.dri.network.backbone import ShallowStages
from harness.dri.network.config import NetworkConfig
from harness.dri.network.member import Member, standardisation, standardise
from harness.dri.network.representation import DegradationEncoder
from harness.dri.network.restoration import RestorationNetwork


@dataclass(frozen=True, slots=True)
class Description:
    """What the frozen part says of a batch; the members start from here.

    Attributes:
        features: The shallow stages' map (N, C, H/8, W/8); not needed where `deep` is there.
        pooled: For each shallow tap (N, P, 2 * width), standardised.
        d: Degradation vectors (N, D), length 1.
        degradation_tokens: (N, P, shallow taps, D).
        assistance: (N, features) of the restoration network.
        restored: (N, 3, H, W), or `None` when it was not kept.
        deep: For each deep tap (N, P, 2 * width), as deep stages said it once, standardised:
            members take it in place of what their own deep stages say.
    """

    features: Tensor
    pooled: list[Tensor]
    d: Tensor
    degradation_tokens: Tensor
    assistance: Tensor
    restored: Tensor | None = None
    deep: list[Tensor] | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of a batch.

    Attributes:
        scores: (N, members * heads) in about [0, 1], before calibration.
        spread: (N,), before calibration.
        q: Quality vectors (N, D), length 1: the mean direction of the members'.
    """

    scores: Tensor
    spread: Tensor
    q: Tensor


class DRINetwork(nn.Module):
    """The whole scorer.

    Args:
        config: The network's shape.
    """

    members: Sequence[Member]

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.shallow = ShallowStages(config.backbone)
        widths = self.shallow.widths
        self.means, self.scales = standardisation(widths)
        self.degradation = DegradationEncoder(
            widths, config.dimension, config.types, config.dropout / 4
        )
        self.restoration = RestorationNetwork(config.dimension, config.restoration_width)
        assistance = self.restoration.features
        members = [Member(config, widths, assistance) for _ in range(config.members)]
        self.add_module("members", nn.ModuleList(members))  # a sequence, if none by its type
        # score = offset + slope * mean of heads; spread = spread_slope * the predictor's: set by
        # stage 3
        self.calibration = nn.Parameter(torch.tensor([0.0, 100.0, 100.0]), requires_grad=False)

    def look(self, images: Tensor) -> tuple[Tensor, list[Tensor], Tensor, Tensor]:
        """Looks at images, as every part of the scorer does first.

        Args:
            images: (N, 3, H, W) in [0, 1].

        Returns:
            The shallow map, its standardised taps, the degradation tokens and d.
        """
        features, pooled = self.shallow(images)
        pooled = standardise(pooled, self.means, self.scales)
        tokens, d = self.degradation(pooled)
        return features, pooled, tokens, d

    def describe(self, images: Tensor, keep_restored: bool = False) -> Description:
        """Everything that stage 2 does not train, of images and, where wished, mirrored ones.

        The assistance of both is that of the images: mirrored pixels change it little, and it costs
        the most.

        Args:
            images: (N, 3, H, W) in [0, 1], H and W even and at least 64.
            keep_restored: Whether to return the restored images.

        Returns:
            A description of N rows, or of 2 N: the images before their mirror images.
        """
        shown = torch.cat([images, images.flip(3)]) if self.config.mirrored else images
        features, pooled, tokens, d = self.look(shown)
        own = d[: len(images)]
        assistance = self.assist(images, own).repeat(len(shown) // len(images), 1)
        restored = self.restoration(images, own)[0] if keep_restored else None
        return Description(features, pooled, d, tokens, assistance, restored)

    def assist(self, images: Tensor, d: Tensor) -> Tensor:
        """What the restoration network says of images (N, 3, H, W) with degradations d (N, D)."""
        if (shrink := self.config.restoration_shrink) > 1:
            images = nn.functional.interpolate(
                images, scale_factor=1 / shrink, mode="bilinear", antialias=True
            )
        assistance: Tensor = self.restoration(images, d)[1]
        return assistance

    def judge(
        self, description: Description, members: Sequence[Member] | None = None
    ) -> Prediction:
        """What is predicted of images: the mean over them and, if so configured, mirrored ones.

        Args:
            description: As `describe` returns it.
            members: Who predicts; all of them by default.

        Returns:
            N rows.
        """
        said = self.predict(description, members)
        if not self.config.mirrored:
            return said
        scores, spread, q = (
            torch.stack(part.chunk(2)) for part in (said.scores, said.spread, said.q)
        )
        return Prediction(
            scores.mean(dim=0),
            spread.pow(2).mean(dim=0).sqrt(),
            nn.functional.normalize(q.mean(dim=0), dim=1),
        )

    def predict(
        self, description: Description, members: Sequence[Member] | None = None
    ) -> Prediction:
        """What the members (default: all of them) say together.

        The variance of an ensemble's mean is that within its members and that between them.
        """
        tokens, assistance = description.degradation_tokens, description.assistance
        tokens = tokens if self.config.use_degradation else torch.zeros_like(tokens)
        assistance = assistance if self.config.use_restoration else torch.zeros_like(assistance)
        features, pooled = description.features, description.pooled
        said = [
            member(description.deep or member.look(features), pooled, tokens, assistance)
            for member in (self.members if members is None else members)
        ]
        scores, spreads, vectors = (torch.stack(part) for part in zip(*said, strict=True))
        between = scores.mean(dim=2).var(dim=0, unbiased=False)
        return Prediction(
            scores.movedim(0, 1).flatten(1),
            (spreads.pow(2).mean(dim=0) + between).sqrt(),
            nn.functional.normalize(vectors.mean(dim=0), dim=1),
        )

    def calibrate(self, prediction: Prediction) -> tuple[Tensor, Tensor]:
        """Scores (N,) between 0 and 100 and their standard deviations (N,) in points."""
        offset, slope, spread_slope = self.calibration
        scores, steepness = bounded(offset + slope * prediction.scores.mean(dim=1))
        return scores, prediction.spread * spread_slope * steepness

    def forward(
        self, images: Tensor, return_representations: bool = False
    ) -> tuple[Tensor, Tensor] | dict[str, Tensor | None]:
        """Scores a batch of images of one size.

        Args:
            images: (N, 3, H, W) in [0, 1], H and W even and at least 64.
            return_representations: Also return d (N, D), q (N, D) and the restored images
                (N, 3, H, W).

        Returns:
            Scores (N,) in [0, 100] and spreads (N,); with representations a dictionary of all five.
        """
        description = self.describe(images, keep_restored=return_representations)
        prediction = self.judge(description)
        scores, spread = self.calibrate(prediction)
        if not return_representations:
            return scores, spread
        return {
            "scores": scores,
            "spread": spread,
            "d": description.d[: len(images)],
            "q": prediction.q,
            "restored": description.restored,
        }


def bounded(points: Tensor, end: float = 10.0) -> tuple[Tensor, Tensor]:
    """Bends what leaves 0 to 100 back into it.

    No two images tie at the bottom, as they would if it were cut off.

    Args:
        points: (N,), of any size.
        end: Points at both ends that are bent; what lies between stays as it is.

    Returns:
        Scores (N,) between 0 and 100 in the same order, and the slope (N,) at each, 1 in the
        middle.
    """
    low, high = (torch.exp(((side - end) / end).clamp(max=0)) for side in (points, 100 - points))
    return points.clamp(end, 100 - end) - end * (1 - low) + end * (1 - high), low * high
