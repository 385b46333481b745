"""Pseudo-scores held against people: the metrics' consensus, each metric, and the weighed ones.

    python tests/performance/pseudo_score_agreement.py RUN/versions --enlarged FOLDER

`RUN` is a training run whose versions are made. Two kinds of people:

- KADID-10k's mean scores of degradations at their levels, by which the weights are fitted: SRCC
  over the levels of those that change shapes. They are also fitted without the degradation that
  they are then judged by.
- SR4KIQA's enlarged images, which no weight was fitted to: SRCC within a scene (mean) and over
  all, on the middle 384 x 384 pixels. `tests/performance/lay_out_opinions.py` makes the folder
  (`people/sr4kiqa`); images of other sizes than their reference and scenes without one are left
  out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.stats import spearmanr

from harness.dri.training.config_files import FOLDER, config_path, read_config
from harness.dri.training.pseudo_scores import (
    consensus,
    fit_weights,
    metric_terms,
    read_judged_levels,
)
from harness.dri.training.version_files import read_versions
from harness.dri.training.versions import WHOLE_RGB
from harness.images import read_image
from harness.plugins import kinds
from harness.scoring.evaluation import prepare
from harness.scoring.mos import read_labels

SIDE = 384


def middle(path: Path) -> np.ndarray:
    image = read_image(path, mode="rgb")
    top, left = ((side - SIDE) // 2 for side in image.shape[1:])
    return np.ascontiguousarray(image[:, top : top + SIDE, left : left + SIDE])


def measure_enlarged(folder: Path, names: tuple[str, ...]) -> pd.DataFrame:
    """A row an image: scene, people's score, what each metric says; more is better."""
    metrics, rows = [kinds.metrics.get(name)() for name in names], []
    for item in read_labels(folder):
        reference = folder / "references" / f"{item.group}.jpg"
        if not reference.is_file():
            continue
        if read_image(item.path).shape[1:] != read_image(reference).shape[1:]:
            continue
        images = middle(item.path), middle(reference)
        said = {}
        for name, metric in zip(names, metrics, strict=True):
            value = metric(*prepare(*images, metric.card, WHOLE_RGB, 1)).value
            said[name] = value if metric.card.higher_is_better else -value
        rows.append({"scene": item.group, "people": item.mos, **said})
    return pd.DataFrame(rows)


def srcc(said: np.ndarray, people: np.ndarray) -> float:
    return float(spearmanr(said, people).statistic)


def over_levels(said: np.ndarray, people: np.ndarray, names: np.ndarray) -> float:
    """SRCC over the levels of all degradations: content plays no part."""
    table = pd.DataFrame({"name": names, "people": people, "said": said})
    means = table.groupby(["name", "people"], as_index=False)["said"].mean()
    return srcc(means["said"].to_numpy(), means["people"].to_numpy())


def within_and_over_all(said: np.ndarray, table: pd.DataFrame) -> tuple[float, float]:
    scenes = table.assign(said=said).groupby("scene")
    within = [srcc(part["said"].to_numpy(), part["people"].to_numpy()) for _, part in scenes]
    return float(np.mean(within)), srcc(said, table["people"].to_numpy())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("versions", type=Path)
    parser.add_argument("--enlarged", type=Path, required=True)
    parser.add_argument("--config", default="shipped")
    arguments = parser.parse_args()
    names = read_config(config_path(arguments.config))[0].versions.metrics
    judged = read_judged_levels(FOLDER / "kadid10k.csv")
    read = [read_versions(path) for path in sorted(arguments.versions.glob("*.npz"))]
    values = torch.cat([part for _, part, _ in read]).numpy()
    kinds_of = [kind for _, _, part in read for kind in part]

    enlarged = measure_enlarged(arguments.enlarged, names)
    ordered = np.sort(values, axis=0)
    found = [
        np.searchsorted(column, enlarged[name]) / len(column)
        for name, column in zip(names, ordered.T, strict=True)
    ]
    quantiles = pd.DataFrame(values).rank(pct=True).to_numpy()
    people = np.array([1.0 if k == "reference" else judged.score(k) for k in kinds_of])
    degradation = np.array([kind.split(" ")[0] for kind in kinds_of])
    shown = np.isfinite(people) & np.isin(degradation, [*judged.shapes])
    fitted = shown | (degradation == "reference")

    def fit(rows: np.ndarray) -> np.ndarray:
        return fit_weights(metric_terms(quantiles[rows]), people[rows], degradation[rows])

    weights = fit(fitted)
    unseen = np.zeros(len(people))
    for name in np.unique(degradation[shown]):
        own = degradation == name
        unseen[own] = metric_terms(quantiles[own]) @ fit(fitted & ~own)
    rows = {"consensus": (consensus(torch.from_numpy(values)).numpy(), np.mean(found, axis=0))}
    rows |= {name: (quantiles[:, place], found[place]) for place, name in enumerate(names)}
    rows["weighed"] = metric_terms(quantiles) @ weights, metric_terms(np.stack(found, 1)) @ weights
    print("SRCC with people | KADID-10k's levels | enlarged, within | over all")
    for name, (known, of_enlarged) in rows.items():
        levels = over_levels(known[shown], people[shown], degradation[shown])
        within, over_all = within_and_over_all(of_enlarged, enlarged)
        print(f"{name} | {levels:.3f} | {within:.3f} | {over_all:.3f}")
    left_out = over_levels(unseen[shown], people[shown], degradation[shown])
    print(f"weighed without the degradation judged | {left_out:.3f} | |")
    terms = [f"{name}^{power}" for power in (1, 8) for name in names] + ["1"]
    print({term: round(float(weight), 3) for term, weight in zip(terms, weights, strict=True)})
    print(f"{int(shown.sum())} versions; {len(enlarged)} enlarged images")


if __name__ == "__main__":
    main()
