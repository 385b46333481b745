"""What decides the network's shape."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Everything that decides the network's shape.

    Attributes:
        backbone: timm's name of the ImageNet network.
        dimension: Length of tokens and of d and q.
        types: Degradation types that d tells apart.
        restoration_width: Channels of the restoration network's first level.
        restoration_shrink: The predictor is assisted by the restoration of images made so many
            times smaller each way; 2 costs a quarter. Restored images that are asked for are of
            full size.
        mirrored: Whether scores are means over an image and its mirror image.
        members: Members of the ensemble.
        heads: Heads of each member's predictor.
        dropout: Of the predictor; the encoders drop a quarter of it.
        use_degradation: Ablation: without it the tokens of d are zero.
        use_quality: Ablation: without it the tokens of q are zero.
        use_interaction: Ablation: without it tokens pass as they are.
        use_restoration: Ablation: without it the assistance is zero.
    """

    backbone: str = "tf_efficientnet_lite0"
    dimension: int = 64
    types: int = 5
    restoration_width: int = 24
    restoration_shrink: int = 1
    mirrored: bool = True
    members: int = 1
    heads: int = 4
    dropout: float = 0.3
    use_degradation: bool = True
    use_quality: bool = True
    use_interaction: bool = True
    use_restoration: bool = True


SHAPELESS = (
    "mirrored",
    "restoration_shrink",
    *(item.name for item in fields(NetworkConfig) if item.name.startswith("use_")),
)
"""What may differ from the network that a training stands upon: no tensor has another shape."""
