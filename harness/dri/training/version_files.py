"""Versions of photographs on disk, one file a content, and the pseudo-scores of them together."""

from pathlib import Path

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from harness.atomic import atomic_file
from harness.dri.training.config import Say
from harness.dri.training.versions import VersionMaker
from harness.errors import InputError

SUFFIX = ".npz"


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


def read_versions(path: Path) -> tuple[Tensor, Tensor]:
    """Reads the versions of one content; the reference comes first.

    Returns:
        Images, uint8 (V, 3, S, S); and what the metrics say of them (V, metrics), oriented so that
        more is better.

    Raises:
        InputError: The file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return torch.from_numpy(file["images"]), torch.from_numpy(file["values"])
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} holds no versions of a photograph ({error}): delete it and run again"
        ) from None


def consensus(values: Tensor) -> Tensor:
    """Pseudo-scores: the mean over metrics of each version's quantile among all versions.

    All versions are those of all contents. Quantiles put metrics of different units on one scale
    without a constant of our choosing. Within a content the order is that of the metrics' mean
    quantile; the references, which every metric puts first, get 1.

    Args:
        values: (rows, metrics), more is better; infinities are the best.

    Returns:
        (rows,) in [0, 1].
    """
    ranks = rankdata(values.numpy(), method="average", axis=0)
    mean = torch.from_numpy(ranks).mean(dim=1)
    return ((mean - mean.min()) / (mean.max() - mean.min())).float()
