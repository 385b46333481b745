"""Sets of opinions on disk: scores of single images, or votes between two."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import xxhash
from torch import Tensor

from harness.dri.lessons.config import OpinionConfig
from harness.errors import InputError
from harness.scoring.mos import read_labels
from harness.scoring.pair_votes import VotedPair, read_pairs


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
        keys: A hash of each file, by which other sets' copies of an image are known; none where
            that is not asked.
    """

    config: OpinionConfig
    images: Sequence[Path]
    scores: Tensor
    scenes: Tensor
    votes: Tensor
    keys: Sequence[str] = ()

    @property
    def has_scenes(self) -> bool:
        """Whether several images show the same scene."""
        return bool((self.scenes >= 0).any())

    def fingerprint(self) -> str:
        """A hash of the images, in their order, and of what people said of them."""
        said = self.scores.tolist(), self.scenes.tolist(), self.votes.tolist()
        names = [path.name for path in self.images]
        return xxhash.xxh3_128_hexdigest(repr((said, names, list(self.keys))).encode())

    def copies_of(self, keys: Iterable[str]) -> list[int]:
        """Images whose files are equal to others, by the hashes of those."""
        wanted = set(keys)
        return [image for image, key in enumerate(self.keys) if key in wanted]

    def folds(self, count: int, seed: int = 0) -> list[list[int]]:
        """Images of `count` groups of scenes, at random; no scene is in two of them."""
        scenes = np.unique(self.scenes[self.scenes >= 0].numpy())
        order = np.random.default_rng(seed).permutation(scenes)
        return [
            torch.isin(self.scenes, torch.from_numpy(order[fold::count])).nonzero()[:, 0].tolist()
            for fold in range(min(count, len(order)))
        ]


def files_fingerprint(files: Sequence[Path], said: str = "") -> str:
    """A hash of files, in their order, and of something else: 32 hex digits."""
    digest = xxhash.xxh3_128(said.encode())
    for path in files:
        digest.update(f"{path.name}/{path.stat().st_size}/".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _keys(files: Sequence[Path]) -> list[str]:
    return [xxhash.xxh3_128_hexdigest(path.read_bytes()) for path in files]


def read_opinions(config: OpinionConfig, root: Path) -> OpinionSet:
    """Reads a set.

    Args:
        config: The set.
        root: Folder that a relative one is in.

    Raises:
        InputError: Neither `labels.csv` nor `pairs.csv`, or a damaged one; a score that is not
            between `low` and `high`; a `limit` of votes.
    """
    folder = root / config.folder
    if not (folder / "labels.csv").is_file() and (pairs := read_pairs(folder)):
        return _read_votes(config, pairs)
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
        _keys([item.path for item in labelled]),
    )


def _read_votes(config: OpinionConfig, pairs: Sequence[VotedPair]) -> OpinionSet:
    """Pairs as numbers.

    Raises:
        InputError: An image stands in two scenes, or against itself; only some are asked for.
    """
    if config.limit:
        raise InputError(
            f"opinions {config.name!r}: limit = {config.limit} is for scores; of votes "
            "all are learnt from: shorten pairs.csv"
        )
    scenes: dict[Path, str] = {}
    for pair in pairs:
        if pair.a == pair.b:
            raise InputError(f"{config.folder}: votes between {pair.a.name} and itself")
        for path in (pair.a, pair.b):
            if (other := scenes.setdefault(path, pair.scene)) != pair.scene:
                raise InputError(
                    f"{config.folder}: {path.name} stands in the scenes {other!r} and "
                    f"{pair.scene!r}, which are held back apart: give them one name"
                )
    place = {path: number for number, path in enumerate(scenes)}
    return OpinionSet(
        config,
        list(scenes),
        torch.full((len(scenes),), torch.nan),
        _numbered(list(scenes.values())),
        torch.tensor(
            [[place[item.a], place[item.b], item.votes_a, item.votes_b] for item in pairs]
        ),
        _keys(list(scenes)),
    )


def _numbered(groups: Sequence[str]) -> Tensor:
    """Scenes by name -> by number, in the order of the names; -1 for an empty one."""
    place = {name: number for number, name in enumerate(sorted({*groups} - {""}))}
    return torch.tensor([place.get(name, -1) for name in groups])
