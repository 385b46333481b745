"""Demosaicking by a network (Gharbi, Chaurasia, Paris, Durand, SIGGRAPH Asia 2016)."""

from collections.abc import Sequence

from harness.errors import InputError
from harness.protocols import Conditions, RestorerCard, Task, WeightFile
from restorers._arrays import Image
from restorers._missing import ZooRestorer
from restorers._torch import Tensor, run_network

WEIGHTS = WeightFile(
    distribution="demosaicnet",
    version="0.0.14",
    path="demosaicnet/data/bayer.pth",
    sha256="a90f45c34b89fea3faf49060687839a7d191d302f597a302b31d1bbc021ff7d8",
    licence="MIT",
)
DEPTH, WIDTH = 15, 64
BORDER = 2 * DEPTH + 1
"""Pixels that the unpadded convolutions eat up on each side.

They are `DEPTH` at half the resolution, and one at the whole.
"""


class DemosaicNet(ZooRestorer):
    """The authors' Bayer network of 2018, built from the shapes of its checkpoint."""

    card = RestorerCard(
        name="demosaicnet",
        tasks=(Task.DEMOSAIC,),
        conditions=("cfa",),
        channels=(3,),
        parameters=560_886,
        licence="MIT",
        paper="Gharbi et al., SIGGRAPH Asia 2016",
        source="demosaicnet 0.0.14",
        weights=(WEIGHTS,),
    )

    def __init__(self, *, device: str = "cpu") -> None:
        """Loads the weights.

        Raises:
            UnavailableError: The weights are not here.
        """
        import torch

        state = torch.load(self.locate(WEIGHTS), map_location=device, weights_only=True)
        self._device, self._layers = device, _Layers(state)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Fills in the mosaic (3, H, W), which is 0 where its sensor has no such pixel."""
        restored: Image = self.restore_batch(image[None], [conditions])[0]
        return restored

    def restore_batch(self, images: Image, conditions: Sequence[Conditions]) -> Image:
        """Fills in mosaics (N, 3, H, W) of one pattern.

        Raises:
            InputError: They have several.
        """
        import numpy as np

        if len(patterns := {str(known.cfa) for known in conditions}) > 1:
            raise InputError(f"mosaics of {' and '.join(sorted(patterns))} go into no one batch")
        height, width = images.shape[2:]
        top, left = (BORDER + 1 + shift for shift in _shift(patterns.pop()))
        bottom, right = BORDER + (height + top + BORDER) % 2, BORDER + (width + left + BORDER) % 2
        # reflection without the edge pixel goes on with the right colours
        padded = np.pad(images, ((0, 0), (0, 0), (top, bottom), (left, right)), mode="reflect")
        restored = run_network(self._layers, padded.astype(np.float32), self._device)
        top, left = top - BORDER, left - BORDER
        return np.ascontiguousarray(restored[..., top : top + height, left : left + width])


def _shift(cfa: str) -> tuple[int, int]:
    """Rows and columns to add at the top and left.

    With them the pattern becomes GRBG, which the network knows.
    """
    red = cfa.index("R")
    return red // 2, 1 - red % 2


class _Layers:
    """(N, 3, H, W), H and W even, to (N, 3, H - 2 BORDER, W - 2 BORDER).

    Half the features are masks of the others.
    """

    def __init__(self, state: dict[str, Tensor]) -> None:
        self._state = state

    def __call__(self, mosaic: Tensor) -> Tensor:
        import torch
        from torch.nn import functional as F

        features = F.conv2d(mosaic, *self._of("main_processor.pack_mosaic"), stride=2)
        for number in range(1, DEPTH + 1):
            features = F.relu(F.conv2d(features, *self._of(f"main_processor.conv{number}")))
        masked = features[:, :WIDTH] * features[:, WIDTH:]
        residual = F.conv2d(masked, *self._of("residual_predictor"))
        enlarged = F.conv_transpose2d(residual, *self._of("upsampler"), stride=2, groups=3)
        cut = BORDER - 1
        both = torch.cat([mosaic[:, :, cut:-cut, cut:-cut], enlarged], dim=1)
        full = F.relu(F.conv2d(both, *self._of("fullres_processor.post_conv")))
        return F.conv2d(full, *self._of("fullres_processor.output"))

    def _of(self, layer: str) -> tuple[Tensor, Tensor]:
        return self._state[f"{layer}.weight"], self._state[f"{layer}.bias"]
