"""The DRI scorer as a metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.dri.shipped import DRI, STATED_TERMS, Shipped
from harness.protocols import BatchMetric, MetricCard

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from harness.images import Image
    from harness.results import MetricValue

TILE = 768
"""Images with more than TILE x TILE pixels are scored in tiles of at most this side.

Memory stays bounded.
"""


class Dri(BatchMetric):
    """No-reference quality, 0 to 100, higher is better.

    The spread is one standard deviation in points.

    After "Dual-Representation Interaction Driven Image Quality Assessment with Restoration
    Assistance" (WACV 2025). What the paper states and what is our own choice is told apart in
    docs/dri.md.
    """

    card = MetricCard(
        name="dri",
        needs_reference=False,
        higher_is_better=True,
        preferred=True,
        unit="points",
        bounds=(0.0, 100.0),
        tolerance=0.3,
        tolerance_on={"cuda": 0.6},
        version=DRI.sha256[:12],
        licence="Apache-2.0; trained on LIVE in the Wild (University of Texas at Austin), and on "
        "BIQ2021 and SR4KIQA, published for research without terms",
        source="after Yue et al., WACV 2025, arXiv 2411.17390; "
        "weights and design choices: docs/dri.md",
    )

    shipped: Shipped = DRI

    def __init__(self, device: str = "cpu", weights: str | None = None) -> None:
        """Loads the network.

        Args:
            device: `cpu` or `cuda:N`.
            weights: Another weight file than the shipped one.

        Raises:
            InputError: The weights are missing or damaged.
        """
        from harness.dri.weights import load_weights

        self.device = device
        self.network = load_weights(Path(weights) if weights else self.shipped.path).to(device)

    @classmethod
    def trained_on(cls) -> frozenset[str]:
        """Photographs and MOS images of all stages of the shipped weights."""
        from harness.dri.training_images import read_training_images

        known = read_training_images()
        return frozenset(key for name in cls.shipped.sets for key in known[name].values())

    def __call__(self, restored: Image, reference: Image | None = None) -> MetricValue:
        """Scores one image.

        Args:
            restored: Float32 (3, H, W) or (1, H, W) in [0, 1], of any size; fewer than 64 pixels a
                side are mirrored.
            reference: Not used.
        """
        return self.measure_batch(restored[None])[0]

    def measure_batch(
        self, restored: Image, reference: Image | None = None
    ) -> Sequence[MetricValue]:
        """Scores images (N, 3, H, W) or (N, 1, H, W), as a call does."""
        import numpy as np
        import torch

        from harness.dri.network.backbone import cut, fit_size
        from harness.images import to_rgb

        images = torch.from_numpy(np.stack([to_rgb(image) for image in restored]))
        tiles = cut(images, TILE)
        with torch.inference_mode():
            said = [self.network(fit_size(tile).to(self.device)) for tile in tiles]
        # (N, tiles) each
        scores, spreads = (torch.stack(part, dim=1).tolist() for part in zip(*said, strict=True))
        share = np.array([tile.shape[2:].numel() for tile in tiles]) / images.shape[2:].numel()
        return [_together(share, *both) for both in zip(scores, spreads, strict=True)]


class DriStatedTerms(Dri):
    """The same without images whose terms nobody stated: what learnt from LIVE in the Wild alone.

    A member of the weights before these, without the pass over the mirror image.
    """

    shipped = STATED_TERMS
    card = replace(
        Dri.card,
        name="dri-stated-terms",
        preferred=False,
        version=STATED_TERMS.sha256[:12],
        licence="Apache-2.0; trained on LIVE in the Wild (University of Texas at Austin)",
    )


def _together(
    share: npt.NDArray[np.float64], scores: list[float], spreads: list[float]
) -> MetricValue:
    """What is said of an image, by what is said of its tiles."""
    import numpy as np

    from harness.results import MetricValue

    value = float(np.dot(share, scores))
    # the tiles' own errors go together, the differences between tiles come on top
    between = float(np.dot(share, np.square(np.array(scores) - value)))
    spread = float(np.sqrt(np.dot(share, np.square(spreads)) + between / len(scores)))
    return MetricValue(value, spread)
