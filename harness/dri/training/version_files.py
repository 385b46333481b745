"""Versions of photographs on disk, one file a content; their pseudo-scores and descriptions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from harness.atomic import atomic_file
from harness.dri.lessons.config import Say
from harness.dri.lessons.features import VIEWS, FeatureTable, Recompress, describe_views, stack
from harness.dri.network.network import Description, DRINetwork
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


def describe_versions(
    network: DRINetwork, paths: Sequence[Path], recompress: Recompress, say: Say
) -> FeatureTable:
    """Describes the versions of each content in two views.

    Their scores are the metrics' consensus over all contents.
    """
    rows: list[Description] = []
    values = []
    for place, path in enumerate(paths, start=1):
        images, said = read_versions(path)
        values.append(said)
        for view, image in enumerate(images, start=place):
            shown = (VIEWS[view % 2], VIEWS[2 + view % 2])
            rows.append(describe_views(network, image.float() / 255, recompress, shown))
        if place % 10 == 0 or place == len(paths):
            say(f"described the versions of {place}/{len(paths)} photographs")
    return stack(rows, consensus(torch.cat(values)), len(rows) // len(paths))
