"""What the frozen part says of the training images, computed once.

It is the costlier half of a forward pass. The shallow map is kept as it is, so that the deep stages
learn from crops of it without seeing a pixel again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from harness.atomic import atomic_file
from harness.dri.lessons.kept import kept_by_the_run
from harness.dri.network.backbone import fit_size
from harness.dri.network.network import Description, DRINetwork
from harness.images import Image

Recompress = Callable[[Image], Image]
"""Compresses an image (3, H, W) so little that nobody sees it."""


@dataclass(frozen=True, slots=True)
class View:
    """One way to show an image that leaves its quality as it is.

    Attributes:
        top: Pixels cut off there.
        left: Pixels cut off there.
        mirrored: Left and right change places.
        recompressed: It went through a file, compressed so little that nobody sees it.
    """

    top: int = 0
    left: int = 0
    mirrored: bool = False
    recompressed: bool = False

    def of(self, image: Tensor, recompress: Recompress) -> Tensor:
        """Shows the image (3, H, W)."""
        shown = image[:, self.top :, self.left :]
        if self.recompressed:
            shown = torch.from_numpy(recompress(np.ascontiguousarray(shown.numpy())))
        return shown.flip(2) if self.mirrored else shown


VIEWS = (
    View(),
    View(mirrored=True),
    View(3, 5, recompressed=True),
    View(6, 2, mirrored=True, recompressed=True),
)
"""The image, its mirror image, and others.

Neither a phase of the strides nor traces of a file are learnt by heart.
"""


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Kept descriptions.

    Attributes:
        features: For each row, in bfloat16, the shallow map (views, C, h, w).
        pooled: For each shallow tap (rows, views, P, 2 * width), float16.
        deep: For each tap of the deep stages that the network had when it described, the same.
        d: (rows, views, D).
        tokens: (rows, views, P, taps, D), float16.
        assistance: (rows, views, features).
        scores: (rows,) in [0, 1].
        group_size: Rows that show the same content, one after another; 1 where contents do not
            matter.
    """

    features: list[Tensor]
    pooled: list[Tensor]
    deep: list[Tensor]
    d: Tensor
    tokens: Tensor
    assistance: Tensor
    scores: Tensor
    group_size: int = 1

    @property
    def views(self) -> int:
        """Views of each image."""
        return int(self.d.shape[1])

    @property
    def groups(self) -> int:
        """Contents."""
        return len(self.d) // self.group_size

    def to(self, device: str) -> FeatureTable:
        """The same on another device, but for the scores, by which batches are put together."""
        return replace(
            self,
            features=[part.to(device) for part in self.features],
            pooled=[part.to(device) for part in self.pooled],
            deep=[part.to(device) for part in self.deep],
            d=self.d.to(device),
            tokens=self.tokens.to(device),
            assistance=self.assistance.to(device),
        )

    def description(
        self, rows: Tensor, views: Tensor, crop: int, generator: torch.Generator
    ) -> Description:
        """Some rows, in the given view each, with shallow maps cropped at random.

        Args:
            rows: (N,).
            views: (N,).
            crop: Cells a side that are left, where a map has so many.
            generator: Of the crops.
        """
        places = zip(rows.tolist(), views.tolist(), strict=True)
        maps = [self.features[row][view] for row, view in places]
        height, width = (min(crop, *(item.shape[axis] for item in maps)) for axis in (1, 2))
        cropped = torch.stack([_crop(item, height, width, generator) for item in maps])
        return self._described(cropped.contiguous(memory_format=torch.channels_last), rows, views)

    def as_first_seen(self, rows: Tensor, views: Tensor) -> Description:
        """Some rows, in the given view each, as the deep stages saw them when `deep` was made.

        Nothing is to be computed.
        """
        described = self._described(torch.empty(0, device=self.d.device), rows, views)
        return replace(described, deep=[tap[rows, views].float() for tap in self.deep])

    def whole(self, row: int, mirrored: bool = True, seen: bool = False) -> Description:
        """One image with its whole map and, if so wished, its mirror image as a second row.

        With `seen`, as the deep stages saw it when `deep` was made.
        """
        views = torch.arange(1 + mirrored)
        rows = torch.full_like(views, row)
        if seen:
            return self.as_first_seen(rows, views)
        return self._described(self.features[row][: len(views)], rows, views)

    def _described(self, maps: Tensor, rows: Tensor, views: Tensor) -> Description:
        rows, views = rows.to(self.d.device), views.to(self.d.device)
        return Description(
            maps.float(),
            [tap[rows, views].float() for tap in self.pooled],
            self.d[rows, views],
            self.tokens[rows, views].float(),
            self.assistance[rows, views],
        )

    def save(self, path: Path) -> None:
        """Writes the table."""
        with atomic_file(path) as partial:
            torch.save({name: getattr(self, name) for name in self.__slots__}, partial)

    @staticmethod
    def load(path: Path) -> FeatureTable:
        """Reads a table."""
        with kept_by_the_run(path):
            return FeatureTable(**torch.load(path, weights_only=True, mmap=True))


def _crop(features: Tensor, height: int, width: int, generator: torch.Generator) -> Tensor:
    top, left = (
        int(torch.randint(side - wanted + 1, (1,), generator=generator))
        for side, wanted in zip(features.shape[1:], (height, width), strict=True)
    )
    return features[:, top : top + height, left : left + width]


@torch.inference_mode()
def describe_views(
    network: DRINetwork, image: Tensor, recompress: Recompress, views: Sequence[View] = VIEWS
) -> Description:
    """Describes the views of an image, on the CPU.

    The assistance is that of the first view, as in `DRINetwork.describe`.

    Args:
        network: After stage 1.
        image: (3, H, W).
        recompress: What views that went through a file went through.
        views: Which views.

    Returns:
        A batch of one row a view, with maps of the same size.
    """
    device = network.calibration.device
    shown = [fit_size(view.of(image, recompress).to(device)[None]) for view in views]
    maps, pooled, tokens, d = zip(*(network.look(view) for view in shown), strict=True)
    assistance = network.assist(shown[0], d[0])
    deep = [network.members[0].look(features) for features in maps]
    height, width = (min(features.shape[axis] for features in maps) for axis in (2, 3))
    return Description(
        torch.cat([features[:, :, :height, :width] for features in maps]).bfloat16().cpu(),
        [torch.cat(tap).cpu() for tap in zip(*pooled, strict=True)],
        torch.cat(d).cpu(),
        torch.cat(tokens).cpu(),
        assistance.expand(len(views), -1).cpu(),
        deep=[torch.cat(tap).cpu() for tap in zip(*deep, strict=True)],
    )


def stack(rows: Sequence[Description], scores: Tensor, group_size: int) -> FeatureTable:
    """A table of descriptions, one a row, as `describe_views` makes them."""
    return FeatureTable(
        [row.features for row in rows],
        [torch.stack(taps).half() for taps in zip(*(row.pooled for row in rows), strict=True)],
        [torch.stack(taps).half() for taps in zip(*(row.deep or [] for row in rows), strict=True)],
        torch.stack([row.d for row in rows]),
        torch.stack([row.degradation_tokens for row in rows]).half(),
        torch.stack([row.assistance for row in rows]),
        scores,
        group_size,
    )
