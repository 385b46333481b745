"""Sets of opinions on disk: scores of single images, or votes between two."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from harness.dri.lessons.config import OpinionConfig
from harness.errors import InputError
from harness.formats import read_text
from harness.scoring.mos import read_labels

COLUMNS = ("scene", "a", "b", "votes_a", "votes_b")


@dataclass(frozen=True, slots=True)
class OpinionSet:
    """What people said of a set of images.

    Attributes:
        config: How it is used.
        images: The files.
        scores: (images,), 0 for `low` and 1 for `high`; NaN where there are only votes.
        scenes: (images,), which scene each one shows; -1: of its own.
        votes: (pairs, 4): image a, image b, votes for a, votes for b; no rows where there are
            scores.
    """

    config: OpinionConfig
    images: Sequence[Path]
    scores: Tensor
    scenes: Tensor
    votes: Tensor

    @property
    def has_scenes(self) -> bool:
        """Whether several images show the same scene."""
        return bool((self.scenes >= 0).any())

    def folds(self, count: int, seed: int = 0) -> list[list[int]]:
        """Images of `count` groups of scenes, at random; no scene is in two of them."""
        scenes = np.unique(self.scenes[self.scenes >= 0].numpy())
        order = np.random.default_rng(seed).permutation(scenes)
        return [
            torch.isin(self.scenes, torch.from_numpy(order[fold::count])).nonzero()[:, 0].tolist()
            for fold in range(min(count, len(order)))
        ]


def read_opinions(config: OpinionConfig, root: Path) -> OpinionSet:
    """Reads a set.

    Args:
        config: The set.
        root: Folder that a relative one is in.

    Raises:
        InputError: Neither `labels.csv` nor `pairs.csv`, or a damaged one; a score that is not
            between `low` and `high`.
    """
    folder = root / config.folder
    if (folder / "pairs.csv").is_file():
        return _read_votes(config, folder)
    labelled = read_labels(folder)
    if 0 < config.limit < len(labelled):
        places = np.linspace(0, len(labelled) - 1, config.limit).round().astype(int)
        labelled = [labelled[place] for place in places]
    scores = torch.tensor([item.mos for item in labelled], dtype=torch.float64)
    outside = ((scores < config.low) | (scores > config.high)).nonzero()
    if len(outside):
        found = labelled[int(outside[0])]
        raise InputError(
            f"{folder}: {found.path.name} has the score {found.mos:g}, outside of "
            f"{config.low:g} to {config.high:g}: correct low and high of {config.name!r}"
        )
    return OpinionSet(
        config,
        [item.path for item in labelled],
        ((scores - config.low) / (config.high - config.low)).float(),
        _numbered([item.group for item in labelled]),
        torch.empty(0, 4),
    )


def _read_votes(config: OpinionConfig, folder: Path) -> OpinionSet:
    path = folder / "pairs.csv"
    rows = list(csv.DictReader(io.StringIO(read_text(path, "list of votes"), newline="")))
    if not rows or not set(COLUMNS) <= set(rows[0]):
        raise InputError(f"{path} needs rows with the columns {', '.join(COLUMNS)}")
    root = folder / "images" if (folder / "images").is_dir() else folder
    names = list(dict.fromkeys(row[key] or "" for row in rows for key in ("a", "b")))
    for name in names:
        file = root / name
        if not file.is_file() or not file.resolve().is_relative_to(root.resolve()):
            raise InputError(f"{path} names {name!r}, which is not in {root}")
    scenes = {row[key] or "": row["scene"] or "" for row in rows for key in ("a", "b")}
    try:
        votes = [[float(row[key]) for key in COLUMNS[3:]] for row in rows]
    except (TypeError, ValueError):
        votes = [[math.nan]]
    if not all(0 <= count < math.inf for pair in votes for count in pair):
        raise InputError(f"{path}: votes_a and votes_b have to be numbers from 0")
    place = {name: index for index, name in enumerate(names)}
    pairs = [
        [place[row["a"] or ""], place[row["b"] or ""], *said]
        for row, said in zip(rows, votes, strict=True)
    ]
    return OpinionSet(
        config,
        [root / name for name in names],
        torch.full((len(names),), torch.nan),
        _numbered([scenes[name] for name in names]),
        torch.tensor(pairs),
    )


def _numbered(groups: Sequence[str]) -> Tensor:
    """Scenes by name -> by number, in the order of the names; -1 for an empty one."""
    place = {name: number for number, name in enumerate(sorted({*groups} - {""}))}
    return torch.tensor([place.get(name, -1) for name in groups])
