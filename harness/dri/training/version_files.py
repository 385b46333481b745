"""Versions of photographs on disk, one file a content, and their descriptions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from harness.atomic import atomic_file
from harness.dri.lessons.config import Say
from harness.dri.lessons.features import VIEWS, FeatureTable, Recompress, describe_views, stack
from harness.dri.lessons.kept import kept_by_the_run
from harness.dri.network.network import Description, DRINetwork
from harness.dri.training.pseudo_scores import JudgedLevels, consensus, pseudo_scores
from harness.dri.training.versions import VersionMaker

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


def read_versions(path: Path) -> tuple[Tensor, Tensor, list[str]]:
    """Reads the versions of one content; the reference comes first.

    Returns:
        Images, uint8 (V, 3, S, S); what the metrics say of them (V, metrics), oriented so that
        more is better; and what was done to each.

    Raises:
        InputError: The file is damaged.
    """
    with kept_by_the_run(path), np.load(path, allow_pickle=False) as file:
        images, values = (torch.from_numpy(file[name]) for name in ("images", "values"))
        return images, values, file["kinds"].tolist()


def describe_versions(
    network: DRINetwork,
    paths: Sequence[Path],
    recompress: Recompress,
    judged: JudgedLevels | None,
    say: Say,
) -> FeatureTable:
    """Describes the versions of each content in two views, with their pseudo-scores.

    Args:
        network: After stage 1.
        paths: What `make_versions` wrote.
        recompress: What views that went through a file went through.
        judged: What people said of degradations; without it the metrics have an equal say.
        say: Told of progress.
    """
    rows: list[Description] = []
    values, kinds = [], []
    for place, path in enumerate(paths, start=1):
        images, said, done = read_versions(path)
        values.append(said)
        kinds += done
        for view, image in enumerate(images, start=place):
            shown = (VIEWS[view % 2], VIEWS[2 + view % 2])
            rows.append(describe_views(network, image.float() / 255, recompress, shown))
        if place % 10 == 0 or place == len(paths):
            say(f"described the versions of {place}/{len(paths)} photographs")
    every = torch.cat(values)
    scores = pseudo_scores(every, kinds, judged) if judged else consensus(every)
    return stack(rows, scores, len(rows) // len(paths))
