"""Do degradation vectors tell what enlarged an image, and how much? A linear probe.

    python tests/performance/upscaler_probe.py RUN/features-sr4kiqa-*.pt DATA/people/sr4kiqa

Descriptions are those of a training run; the folder is what `lay_out_opinions.py` made, whose file
names say `SCENE_UPSCALER_xSCALE`. A logistic regression learns from all scenes but one and names
the upscaler, the scale or both of the images of that one. Chance is the most frequent answer.
Beside `d`, the statistics of the shallow stages that it is made of.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from harness.dri.lessons.config import OpinionConfig
from harness.dri.lessons.sets import read_opinions
from harness.dri.lessons.table import OpinionTable

Floats = npt.NDArray[np.float64]
KIND = re.compile(r"_(?P<upscaler>[A-Za-z_]+?)_x(?P<scale>\d)\.")
FEWEST = 5
"""Scenes an upscaler has to be there for at a scale."""


def image_vectors(table: OpinionTable, rows: torch.Tensor) -> Floats:
    """The mean over the parts of each image: (rows, n) -> (images, n)."""
    found = [rows[table.images == image].mean(dim=0) for image in table.images.unique()]
    vectors: Floats = torch.stack(found).double().numpy()
    return vectors


def accuracy(vectors: Floats, answers: Sequence[str], scenes: Sequence[int]) -> float:
    """The share of right answers about scenes that were not learnt from."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    said = cross_val_predict(model, vectors, answers, groups=scenes, cv=LeaveOneGroupOut())
    return float(np.mean(said == np.array(answers)))


def main() -> None:
    """Prints a table."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("features", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    opinions = read_opinions(OpinionConfig("sr4kiqa", str(options.folder), 1, 5), Path())
    table = OpinionTable.load(options.features, opinions)
    kinds = [match and match.groupdict() for match in map(KIND.search, map(str, opinions.images))]
    known = Counter(str(kind) for kind in kinds)
    kept = [place for place, kind in enumerate(kinds) if kind and known[str(kind)] >= FEWEST]
    scenes = opinions.scenes[kept].tolist()
    shallow = torch.cat([tap[:, 0, 0].float() for tap in table.features.pooled], dim=1)
    seen = {"d": table.features.d[:, 0], "statistics": shallow}
    asked = {
        "upscaler": [kinds[place]["upscaler"] for place in kept],  # type: ignore[index]
        "scale": [kinds[place]["scale"] for place in kept],  # type: ignore[index]
        "both": [str(kinds[place]) for place in kept],
    }
    print(f"{len(kept)} images of {len(set(scenes))} scenes\n")
    print(f"| | answers | chance | {' | '.join(seen)} |")
    print("|---|---|---|" + "---|" * len(seen))
    for what, answers in asked.items():
        counts = Counter(answers)
        chance = max(counts.values()) / len(answers)
        told = [
            accuracy(image_vectors(table, rows)[kept], answers, scenes) for rows in seen.values()
        ]
        print(f"| {what} | {len(counts)} | {chance:.3f} | {' | '.join(f'{x:.3f}' for x in told)} |")


if __name__ == "__main__":
    main()
