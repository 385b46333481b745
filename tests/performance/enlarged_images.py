"""Do no-reference metrics order enlarged images as full-reference metrics do?

    python tests/performance/enlarged_images.py [FOLDER]     default: Kodak24 in $RESTOBENCH_DATA

Figures of the scorer's model card; ten minutes of one core. The images are made as those the scorer
learns from (`restobench train dri`, stage `versions`), of other photographs: x2 to x8 by the
configuration's restorers, some from noisy or compressed input, some sharpened or compressed
afterwards, and through Real-ESRGAN's second-order chain. SRCC with the consensus of the
configuration's full-reference metrics, within a photograph (mean) and over all.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from harness.cli.train import _version_maker
from harness.dri.training.config_files import config_path, read_config
from harness.dri.training.data import SyntheticPairs, photographs_in
from harness.dri.training.pseudo_scores import consensus
from harness.dri.training.versions import VersionMaker
from harness.plugins.kinds import metrics
from harness.scoring.correlation import correlations

JUDGED = ("dri", "niqe", "pyiqa-piqe")
KINDS: dict[str, Callable[[str], bool]] = {
    "all": lambda _: True,
    "neither compressed nor Real-ESRGAN's": lambda kind: "jpeg" not in kind and "real" not in kind,
    "compressed before or after": lambda kind: "jpeg" in kind,
    "second-order chain": lambda kind: kind.startswith("real-esrgan"),
}


def version_maker(folder: Path) -> VersionMaker:
    """Makes enlarged versions of the photographs of a folder."""
    sources, training = read_config(config_path("stated-terms"))
    others = dict.fromkeys(("degraded", "mixed", "denoised", "decompressed"), 0)
    contents = len(photographs_in(folder))
    enlarged = replace(sources.versions, contents=contents, enlarged=40, second_order=8, **others)
    return _version_maker(SyntheticPairs(folder, [], training.seed), enlarged, "cpu")


def described(maker: VersionMaker) -> pd.DataFrame:
    """A row a version: photograph, kind, consensus, and what each metric says, more is better."""
    judges = {name: metrics.get(name)() for name in JUDGED}
    rows, values = [], []
    for content in range(maker.config.contents):
        versions = maker.make(content)
        values.append(maker.measure(versions))
        for version in versions:
            said = {}
            for name, judge in judges.items():
                value = judge(version.image).value
                said[name] = value if judge.card.higher_is_better else -value
            rows.append({"photograph": content, "kind": version.kind, **said})
        print(f"{content + 1}/{maker.config.contents}", end="\r", file=sys.stderr, flush=True)
    return pd.DataFrame(rows).assign(consensus=consensus(torch.cat(values)).numpy())


def srcc(table: pd.DataFrame, metric: str) -> float:
    """SRCC of a metric with the consensus, over the images of which the metric says something."""
    known = table[np.isfinite(table[metric])]
    return correlations(known[metric].tolist(), known["consensus"].tolist())["srcc"]


def main(folder: Path) -> None:
    """Prints the table."""
    torch.set_num_threads(1)
    table = described(version_maker(folder))
    print(f"| images of {table['photograph'].nunique()} photographs |", " | ".join(JUDGED), "|")
    print("|---|" + "---|" * len(JUDGED))
    for title, wanted in KINDS.items():
        some = table[table["kind"].map(wanted)]
        cells = []
        for metric in JUDGED:
            within = np.mean([srcc(scene, metric) for _, scene in some.groupby("photograph")])
            cells.append(f"{within:.3f} within, {srcc(some, metric):.3f} over all")
        print(f"| {title} ({len(some)}) |", " | ".join(cells), "|")


if __name__ == "__main__":
    given = sys.argv[1:] or [f"{os.environ['RESTOBENCH_DATA']}/sets/kodak24"]
    main(Path(given[0]))
