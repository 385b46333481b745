"""Descriptions of training images, computed once: the frozen part of the network is most of the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from harness.dri.backbone import fit_size
from harness.dri.config import Say
from harness.dri.data import LabelledDegradation, SyntheticPairs, pseudo_score
from harness.dri.network import Description, DRINetwork
from harness.images import Image, read_image
from harness.mos import LabelledImage

CROP = 288
"""Side of the third view: a scorer that has seen one size only does not work at others."""


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Cached descriptions.

    Attributes:
        pooled: For each tap (rows, views, P, 2 * width), standardised, float16.
        d: (rows, views, D).
        tokens: (rows, views, P, taps, D), float16.
        assistance: (rows, views, features).
        scores: (rows,) in [0, 1].
        group_size: Rows that show the same content, one after another; 1 where contents do not matter.
    """

    pooled: list[Tensor]
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

    def rows_of(self, groups: Tensor) -> Tensor:
        """Rows of some contents, (len(groups) * group_size,)."""
        return (groups[:, None] * self.group_size + torch.arange(self.group_size)).flatten()

    def description(self, rows: Tensor, views: Tensor) -> Description:
        """Descriptions of some rows, in the given view each."""
        return Description(
            [tap[rows, views].float() for tap in self.pooled],
            self.d[rows, views].float(),
            self.tokens[rows, views].float(),
            self.assistance[rows, views].float(),
            None,
        )

    def save(self, path: Path) -> None:
        """Writes the table."""
        fields = {"d": self.d, "tokens": self.tokens, "assistance": self.assistance, "scores": self.scores}
        partial = path.with_suffix(".partial")
        torch.save({**fields, "pooled": self.pooled, "group_size": self.group_size}, partial)
        partial.replace(path)

    @staticmethod
    def load(path: Path) -> FeatureTable:
        """Reads a table."""
        return FeatureTable(**torch.load(path, weights_only=True))


@torch.inference_mode()
def describe_image(network: DRINetwork, images: Sequence[Image]) -> Description:
    """Describes images of any size, one at a time; returns a batch of one row each."""
    parts = [network.describe(fit_size(torch.from_numpy(np.ascontiguousarray(image))[None])) for image in images]
    return Description(
        [torch.cat(taps) for taps in zip(*(part.pooled for part in parts), strict=True)],
        torch.cat([part.d for part in parts]),
        torch.cat([part.degradation_tokens for part in parts]),
        torch.cat([part.assistance for part in parts]),
        None,
    )


def views_of(image: Image, seed: int) -> list[Image]:
    """The whole image, its mirror image, and a random crop."""
    generator = np.random.default_rng(seed)
    height, width = (min(side, CROP) for side in image.shape[1:])
    top, left = generator.integers(image.shape[1] - height + 1), generator.integers(image.shape[2] - width + 1)
    return [image, image[:, :, ::-1], image[:, top : top + height, left : left + width]]


def describe_labelled(network: DRINetwork, labelled: Sequence[LabelledImage], say: Say) -> FeatureTable:
    """Describes MOS-labelled images in three views."""
    rows = []
    for seed, item in enumerate(labelled):
        rows.append(describe_image(network, views_of(read_image(item.path, mode="rgb"), seed)))
        if seed % 100 == 99 or seed + 1 == len(labelled):
            say(f"described {seed + 1}/{len(labelled)} labelled images")
    return _stack(rows, torch.tensor([item.mos / 100 for item in labelled], dtype=torch.float32), 1)


def describe_versions(
    network: DRINetwork,
    pairs: SyntheticPairs,
    degradations: Sequence[LabelledDegradation],
    contents: int,
    say: Say,
    size: int = 240,
) -> FeatureTable:
    """Describes each of some photographs clean, degraded in every way, and restored by the network itself.

    The rows of a content come one after another: clean, then degraded and restored for each degradation.
    """
    rows, scores = [], []
    for content in range(contents):
        generator = np.random.default_rng([pairs.seed, 2_000_000 + content])
        photograph = pairs.photographs[content % len(pairs.photographs)]
        top, left = ((side - size) // 2 for side in photograph.shape[1:])
        reference = np.ascontiguousarray(photograph[:, top : top + size, left : left + size])
        versions = [reference]
        for labelled in degradations:
            degraded = labelled.apply(reference, generator)
            versions += [degraded, restore(network, degraded)]
        rows += [describe_image(network, [version]) for version in versions]
        scores += [pseudo_score(version, reference) for version in versions]
        if content % 10 == 9 or content + 1 == contents:
            say(f"described the versions of {content + 1}/{contents} photographs")
    return _stack(rows, torch.tensor(scores, dtype=torch.float32), 1 + 2 * len(degradations))


@torch.inference_mode()
def restore(network: DRINetwork, image: Image) -> Image:
    """What the scorer's own restoration network makes of an image (3, H, W)."""
    tensor = torch.from_numpy(image)[None]
    restored = network.describe(tensor, keep_restored=True).restored
    result: Image = restored[0].clamp(0, 1).numpy()  # type: ignore[index]  # it was asked for
    return result


def _stack(rows: Sequence[Description], scores: Tensor, group_size: int) -> FeatureTable:
    return FeatureTable(
        [torch.stack(taps).half() for taps in zip(*(row.pooled for row in rows), strict=True)],
        torch.stack([row.d for row in rows]),
        torch.stack([row.degradation_tokens for row in rows]).half(),
        torch.stack([row.assistance for row in rows]),
        scores,
        group_size,
    )
