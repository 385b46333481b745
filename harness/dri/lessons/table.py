"""What the frozen part says of a set of opinions, computed once, and rows to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from harness.atomic import atomic_file
from harness.dri.lessons.config import OpinionConfig, Say
from harness.dri.lessons.features import (
    VIEWS,
    FeatureTable,
    Recompress,
    View,
    describe_views,
    stack,
)
from harness.dri.lessons.kept import kept_by_the_run
from harness.dri.lessons.sets import OpinionSet
from harness.dri.network.backbone import cut
from harness.dri.network.network import Description, DRINetwork
from harness.images import read_image


@dataclass(frozen=True, slots=True)
class OpinionTable:
    """A set of opinions with the descriptions of its images.

    Attributes:
        opinions: The set.
        features: A row for each part of each image.
        images: (rows,), which image a row shows a part of.
    """

    opinions: OpinionSet
    features: FeatureTable
    images: Tensor

    def to(self, device: str) -> OpinionTable:
        """The same on another device."""
        return replace(self, features=self.features.to(device))

    def rows_of(self, images: Sequence[int]) -> Tensor:
        """The rows that show parts of some images."""
        return torch.isin(self.images, torch.tensor(list(images))).nonzero()[:, 0]

    def batches(
        self, images: Sequence[int], size: int, steps: int, generator: torch.Generator
    ) -> list[Tensor]:
        """Rows for `steps` batches: all in turn at random, or a scene's together.

        Of votes: rows of `votes` between these images, half as many.

        Args:
            images: To learn from.
            size: Rows in a batch. The last batch of a set that is gone through just once has what
                is left.
            steps: Batches.
            generator: Of the order.
        """
        if len(self.opinions.votes):
            shown = torch.tensor(list(images))
            rows = torch.isin(self.opinions.votes[:, :2].long(), shown).all(dim=1).nonzero()[:, 0]
            size //= 2
        else:
            rows = self.rows_of(images)
        if self.opinions.has_scenes and not len(self.opinions.votes):
            return [self._of_a_scene(rows, size, generator) for _ in range(steps)]
        rounds = max(1, (steps - 1) * size // len(rows) + 1)
        order = torch.cat(
            [rows[torch.randperm(len(rows), generator=generator)] for _ in range(rounds)]
        )
        return [order[step * size : (step + 1) * size] for step in range(steps)]

    def pairs(self, votes: Tensor, generator: torch.Generator) -> Tensor:
        """Rows of what was voted on: those of all images a, then those of all images b (2 P,).

        Of images in several parts a part at random, the same of both where they have as many.
        """
        images = self.opinions.votes[votes, :2].long().T
        parts = [[(self.images == image).nonzero()[:, 0] for image in side] for side in images]
        drawn: list[list[Tensor]] = [[], []]
        for pair in zip(*parts, strict=True):
            alike = len(pair[0]) == len(pair[1])
            first = _any_of(len(pair[0]), generator)
            drawn[0].append(pair[0][first])
            drawn[1].append(pair[1][first if alike else _any_of(len(pair[1]), generator)])
        return torch.stack([*drawn[0], *drawn[1]])

    def _of_a_scene(self, rows: Tensor, size: int, generator: torch.Generator) -> Tensor:
        scenes = self.opinions.scenes[self.images[rows]]
        drawn = int(torch.randint(len(rows), (1,), generator=generator))
        rows = rows[scenes == scenes[drawn]]
        return rows[torch.randperm(len(rows), generator=generator)[:size]]

    @staticmethod
    def load(path: Path, opinions: OpinionSet) -> OpinionTable:
        """Reads what `describe_opinions` wrote."""
        with kept_by_the_run(path):
            kept = torch.load(path, weights_only=True, mmap=True)
            images = kept.pop("images")
            return OpinionTable(opinions, FeatureTable(**kept), images)


def _any_of(count: int, generator: torch.Generator) -> int:
    return int(torch.randint(count, (1,), generator=generator)) if count > 1 else 0


def describe_opinions(
    network: DRINetwork, opinions: OpinionSet, recompress: Recompress, path: Path, say: Say
) -> None:
    """Describes the images of a set and writes the descriptions.

    Args:
        network: After stage 1.
        opinions: The set.
        recompress: What views that went through a file went through.
        path: Where to.
        say: Told of progress.
    """
    rows: list[Description] = []
    images: list[int] = []
    total, name, views = len(opinions.images), opinions.config.name, _views(opinions.config)
    for place, file in enumerate(opinions.images):
        whole = torch.from_numpy(read_image(file, mode="rgb").copy())[None]
        for part in cut(centre(whole, opinions.config.crop), opinions.config.tile):
            rows.append(describe_views(network, part[0], recompress, views))
            images.append(place)
        if (place + 1) % 100 == 0 or place + 1 == total:
            say(f"described {place + 1}/{total} images of {name}")
    shown = torch.tensor(images)
    table = stack(rows, opinions.scores[shown], 1)
    with atomic_file(path) as partial:
        kept = {name: getattr(table, name) for name in table.__slots__}
        torch.save({**kept, "images": shown}, partial)


def _views(config: OpinionConfig) -> Sequence[View]:
    """How a row is shown, as it is first; a single view of what is only judged by."""
    if config.weight == 0:
        return VIEWS[:1]
    return VIEWS[::3] if config.views == 2 else VIEWS[: config.views]


def centre(image: Tensor, side: int) -> Tensor:
    """The middle of (1, 3, H, W), at most `side` pixels a side; all of it if `side` is 0."""
    if side:
        for axis in (2, 3):
            length = min(side, image.shape[axis])
            image = image.narrow(axis, (image.shape[axis] - length) // 2, length)
    return image
