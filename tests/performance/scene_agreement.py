"""Does the scorer order versions of scenes that it has not learnt from as people do, and do peers?

    restobench train dri validation --config shipped --out RUN
    python tests/performance/scene_agreement.py RUN --scores peers.json

Of the sets of opinions that have scenes: what members said of the folds that were held back, beside
no-reference metrics on the same pixels. Mean SRCC within a scene, SRCC over all, and how much the
scorer is above each peer, with 95 % intervals by resampling scenes. What the peers say is kept in
`--scores`, for they take minutes.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import spearmanr

from harness.dri.lessons.sets import OpinionSet, read_opinions
from harness.dri.lessons.table import centre
from harness.dri.lessons.validation import scene_trials
from harness.dri.training.config_files import config_path, read_config
from harness.images import read_image
from harness.plugins import kinds

Floats = npt.NDArray[np.float64]
PEERS = ("niqe", "brisque", "pyiqa-piqe")
RESAMPLES = 2000


def said_by_members(run: Path, sets: Sequence[OpinionSet], place: int, folds: int) -> Floats:
    """What was said of each image of a set while its scene was held back; NaN of the others."""
    said = np.full(len(sets[place].images), np.nan)
    for trial in scene_trials(sets, folds):
        if trial.judged == place:
            found = torch.load(run / f"{trial.name}-whole-said.pt", weights_only=True)
            said[trial.held] = found["raw"].numpy()
    return said


def said_by_peers(opinions: OpinionSet, kept: Path) -> dict[str, Floats]:
    """Scores of the same pixels, more is better; kept image by image."""
    metrics = {name: kinds.metrics.get(name)() for name in PEERS}
    known = json.loads(kept.read_text()) if kept.is_file() else {}
    for place, path in enumerate(opinions.images):
        if path.name in known:
            continue
        whole = torch.from_numpy(read_image(path, mode="rgb").copy())[None]
        image = np.ascontiguousarray(centre(whole, opinions.config.crop)[0].numpy())
        known[path.name] = {
            name: (1 if metric.card.higher_is_better else -1) * metric(image).value
            for name, metric in metrics.items()
        }
        kept.write_text(json.dumps(known))
        print(f"peers: {place + 1}/{len(opinions.images)}", end="\r")
    return {name: np.array([known[path.name][name] for path in opinions.images]) for name in PEERS}


def agreement(said: Floats, people: Floats, scenes: Sequence[Floats]) -> tuple[float, float]:
    """SRCC within a scene (mean) and over all, of the images of some scenes."""
    within = [spearmanr(said[scene], people[scene])[0] for scene in scenes]
    every = np.concatenate(scenes)
    return float(np.mean(within)), float(spearmanr(said[every], people[every])[0])


def table(said: Mapping[str, Floats], people: Floats, scenes: Sequence[Floats]) -> None:
    """Prints the figures with their intervals; the first scorer is held against the others."""
    generator = np.random.default_rng(0)
    drawn = [generator.integers(len(scenes), size=len(scenes)) for _ in range(RESAMPLES)]
    found = {}
    print(
        "| | within a scene | over all | dri above it, within | over all |\n|---|---|---|---|---|"
    )
    for name, scores in said.items():
        again = [agreement(scores, people, [scenes[i] for i in places]) for places in drawn]
        found[name] = np.array([agreement(scores, people, scenes), *again])
        own = next(iter(found.values()))
        cells = [_with_interval(column) for column in found[name].T]
        if len(found) > 1:
            cells += [_with_interval(column) for column in (own - found[name]).T]
        print(f"| {name} | {' | '.join(cells)} |")


def _with_interval(values: Floats) -> str:
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return f"{values[0]:.3f} [{low:.3f}, {high:.3f}]"


def main() -> None:
    """Prints a table for each set that has scenes."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("run", type=Path)
    parser.add_argument("--config", default="shipped")
    parser.add_argument("--scores", type=Path, required=True)
    options = parser.parse_args()
    data, _ = read_config(config_path(options.config))
    root = Path(os.environ["RESTOBENCH_DATA"])
    sets = [read_opinions(item, root) for item in data.opinions]
    for place, opinions in enumerate(sets):
        if not (opinions.has_scenes and opinions.config.weight):
            continue
        numbers = opinions.scenes.numpy()
        scenes = [np.flatnonzero(numbers == scene) for scene in np.unique(numbers[numbers >= 0])]
        peers = said_by_peers(opinions, options.scores)
        said = {"dri": said_by_members(options.run, sets, place, data.scene_folds), **peers}
        print(f"\n{opinions.config.name}: {len(numbers)} images, {len(scenes)} scenes\n")
        table(said, opinions.scores.double().numpy(), scenes)


if __name__ == "__main__":
    main()
