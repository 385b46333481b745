"""Do no-reference metrics order enlarged images as full-reference metrics do? Figures of the scorer's model card.

The images are made as those the scorer learns from (`restobench train dri`, stage `versions`), of
other photographs: x2 to x8 by the configuration's restorers, some from noisy or compressed input,
some sharpened or compressed afterwards, and through Real-ESRGAN's second-order chain. SRCC with the
consensus of the configuration's full-reference metrics, within a photograph (mean) and over all.

python tests/performance/enlarged_images.py [FOLDER]     default: Kodak24 in $RESTOBENCH_DATA; ten
minutes of one core
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
from harness.dri.training.config import config_path, read_config
from harness.dri.training.data import SyntheticPairs, photographs_in
from harness.dri.training.version_files import consensus
from harness.dri.training.versions import VersionMaker
from harness.plugins import metrics
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
    sources, training = read_config(config_path("shipped"))
    enlarged = replace(
        sources.versions,
        contents=len(photographs_in(folder)),
        enlarged=40,
        second_order=8,
        degraded=0,
        mixed=0,
        denoised=0,
        decompressed=0,
    )
    return _version_maker(SyntheticPairs(folder, [], training.seed), enlarged, "cpu")


def described(maker: VersionMaker) -> pd.DataFrame:
    """A row a version: photograph, kind, consensus, and what each metric says, more is better."""
    judges = {name: metrics.get(name)() for name in JUDGED}
    rows, values = [], []
    for content in range(maker.config.contents):
        versions = maker.make(content)
        values.append(maker.measure(versions))
        for version in versions:
            said = {name: judge(version.image).value for name, judge in judges.items()}
            oriented = {
                name: value if judges[name].card.higher_is_better else -value
                for name, value in said.items()
            }
            rows.append({"photograph": content, "kind": version.kind, **oriented})
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
    main(
        Path(sys.argv[1])
        if len(sys.argv) > 1
        else Path(os.environ["RESTOBENCH_DATA"]) / "sets/kodak24"
    )
