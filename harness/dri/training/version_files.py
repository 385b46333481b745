"""Versions of photographs on disk, one file a content, and the pseudo-scores of all of them together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from harness.atomic import atomic_file
from harness.dri.training.config import Say
from harness.dri.training.versions import VersionMaker
from harness.errors import InputError

SUFFIX = ".npz"


@dataclass(frozen=True, slots=True)
class VersionSet:
    """All versions of one content as tensors; the reference comes first.

    Attributes:
        kinds: What was done to each.
        images: uint8 (V, 3, S, S).
        values: (V, metrics), oriented so that more is better.
    """

    kinds: tuple[str, ...]
    images: Tensor
    values: Tensor


def make_versions(maker: VersionMaker, folder: Path, contents: int, say: Say) -> list[Path]:
    """Writes the versions of each content to a file of its own; what is there already is kept.

    Returns:
        The files, in the contents' order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{content:04d}{SUFFIX}" for content in range(contents)]
    for content, path in enumerate(paths):
        if path.is_file():
            continue
        versions = maker.make(content)
        images = np.stack([np.rint(version.image * 255).astype(np.uint8) for version in versions])
        kinds = np.array([version.kind for version in versions])
        values = maker.measure(versions).numpy()
        with atomic_file(path) as partial, partial.open("wb") as file:
            np.savez(file, images=images, values=values, kinds=kinds)
        if content % 10 == 9 or content + 1 == contents:
            say(f"made and measured the versions of {content + 1}/{contents} photographs")
    return paths


def read_versions(path: Path) -> VersionSet:
    """Reads the versions of one content.

    Raises:
        InputError: The file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            kinds = tuple(str(kind) for kind in file["kinds"])
            return VersionSet(
                kinds, torch.from_numpy(file["images"]), torch.from_numpy(file["values"])
            )
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} holds no versions of a photograph ({error}): delete it and run again"
        ) from None


def consensus(values: Tensor) -> Tensor:
    """Pseudo-scores: the mean over metrics of each version's quantile among all versions of all contents.

    Quantiles put metrics of different units on one scale without a constant of our choosing. Within
    a content the order is that of the metrics' mean quantile; the references, which every metric
    puts first, get 1.

    Args:
        values: (rows, metrics), more is better; infinities are the best.

    Returns:
        (rows,) in [0, 1].
    """
    from scipy.stats import rankdata

    ranks = rankdata(values.numpy(), method="average", axis=0)
    mean = torch.from_numpy(ranks).mean(dim=1)
    return ((mean - mean.min()) / (mean.max() - mean.min())).float()
