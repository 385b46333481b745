"""The versions of a scene in a run, and how metrics order them.

`restored_images.py` says what the words mean.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata, spearmanr

from harness.results import RunData

Floats = npt.NDArray[np.float64]

CLEAR_DB = 1.0
VISIBLE_DB = 40.0
HALLUCINATING = "realesrgan-x4plus"

Version = tuple[str, str]
"""(set, restorer)."""


@dataclass(frozen=True)
class Scene:
    """The versions of one scene.

    Attributes:
        versions: Those that every metric has scored.
        scores: metric -> (versions,), turned so that higher is better.
        consensus: (versions,) mean rank by the full-reference metrics; higher is better.
        reference: No-reference metric -> its score of the reference, turned likewise.
        dropped: Versions that some metric has no score for.
    """

    image: str
    versions: tuple[Version, ...]
    scores: dict[str, Floats]
    consensus: Floats
    reference: dict[str, float]
    dropped: int

    def place(self, version: Version) -> int:
        """Index of a version."""
        return self.versions.index(version)


def split_metrics(data: RunData) -> tuple[list[str], list[str]]:
    """The run's full-reference and no-reference metrics."""
    names = list(data.run.metrics)
    full = [name for name in names if data.run.metrics[name].needs_reference]
    return full, [name for name in names if name not in full]


def clean_sets(data: RunData) -> list[str]:
    """Sets whose degraded images are the references."""
    sets = data.run.plan.sets
    return [name for name in sets if sets[name].definition.get("degradations") == []]


def read_scenes(data: RunData) -> list[Scene]:
    """Lays a run out by scene; images of one id in several sets are one scene."""
    index = {
        (score.metric, score.cell.set, score.cell.restorer, score.cell.image): score.value
        for score in data.scores
    }
    full, blind = split_metrics(data)
    clean = clean_sets(data)
    by_image: dict[str, set[Version]] = {}
    for score in data.scores:
        if score.cell.set not in clean:
            by_image.setdefault(score.cell.image, set()).add((score.cell.set, score.cell.restorer))

    def get(metric: str, version: Version, image: str) -> float:
        return data.run.metrics[metric].sign * index.get((metric, *version, image), float("nan"))

    scenes = []
    for image, found in sorted(by_image.items()):
        versions = sorted(found)
        table = {
            name: np.array([get(name, version, image) for version in versions])
            for name in [*full, *blind]
        }
        good = np.logical_and.reduce([np.isfinite(column) for column in table.values()])
        scores = {name: column[good] for name, column in table.items()}
        reference = (clean[0], "identity") if clean else None
        scenes.append(
            Scene(
                image=image,
                versions=tuple(itertools.compress(versions, good)),
                scores=scores,
                consensus=np.mean([rankdata(scores[name]) for name in full], axis=0),
                reference={name: get(name, reference, image) for name in blind if reference},
                dropped=int((~good).sum()),
            )
        )
    return [scene for scene in scenes if len(scene.versions) >= 3]


def agreement(
    scenes: Sequence[Scene], metrics: Sequence[str], sets: Sequence[str] | None = None
) -> Floats:
    """SRCC with the consensus within each scene.

    Args:
        scenes: The scenes.
        metrics: No-reference metrics.
        sets: Versions of these sets only; `None`: of all.

    Returns:
        (metrics, scenes); NaN where there are fewer than three versions.
    """
    found = np.full((len(metrics), len(scenes)), np.nan)
    for column, scene in enumerate(scenes):
        rows = [i for i, version in enumerate(scene.versions) if sets is None or version[0] in sets]
        if len(rows) >= 3:
            for row, name in enumerate(metrics):
                pair = scene.scores[name][rows], scene.consensus[rows]
                found[row, column] = spearmanr(*pair).statistic
    return found


def degraded_version(scene: Scene, set_name: str) -> Version | None:
    """The version that stands for the degraded image."""
    for restorer in ("identity", "bicubic"):
        if (set_name, restorer) in scene.versions:
            return set_name, restorer
    return None


def clear_triples(scene: Scene, full: Sequence[str], psnr: str) -> list[tuple[int, int]]:
    """(restored, degraded) of each triple whose full-reference difference is clear."""
    found = []
    for restored, version in enumerate(scene.versions):
        base = degraded_version(scene, version[0])
        if base is None or base == version:
            continue
        degraded = scene.place(base)
        better = all(scene.scores[name][restored] > scene.scores[name][degraded] for name in full)
        gain = scene.scores[psnr][restored] - scene.scores[psnr][degraded]
        if better and gain >= CLEAR_DB and scene.scores[psnr][restored] <= VISIBLE_DB:
            found.append((restored, degraded))
    return found


def count_triples(
    scenes: Sequence[Scene], full: Sequence[str], blind: Sequence[str], psnr: str
) -> tuple[dict[str, Floats], Floats]:
    """How many clear triples each metric has in order.

    Returns:
        part -> (metrics, scenes) for the whole order and its two halves; and (scenes,): how many
        triples there are.
    """
    parts = ("reference > restored > degraded", "reference > restored", "restored > degraded")
    counts = {part: np.zeros((len(blind), len(scenes))) for part in parts}
    totals = np.zeros(len(scenes))
    for column, scene in enumerate(scenes):
        for restored, degraded in clear_triples(scene, full, psnr):
            totals[column] += 1
            for row, name in enumerate(blind):
                upper = scene.reference[name] > scene.scores[name][restored]
                lower = scene.scores[name][restored] > scene.scores[name][degraded]
                for part, right in zip(parts, (upper and lower, upper, lower), strict=True):
                    counts[part][row, column] += right
    return counts, totals


def _share(seen: Sequence[bool]) -> float | None:
    return float(np.mean(seen)) if seen else None


def hallucination(scenes: Sequence[Scene], blind: Sequence[str]) -> list[dict[str, Any]]:
    """Where Real-ESRGAN stands among the versions of its set, and whom each metric puts below it.

    Returns:
        A row for the consensus and one for each metric: mean rank (1 is best), and the share of
        scenes in which it is above DAT-light, above bicubic, and above the reference.
    """
    rows = []
    for name in ("consensus", *blind):
        ranks, above = [], {"dat-light": [], "bicubic": [], "reference": []}
        for scene in scenes:
            column = scene.consensus if name == "consensus" else scene.scores[name]
            for set_name, restorer in scene.versions:
                if restorer != HALLUCINATING:
                    continue
                inside = [i for i, version in enumerate(scene.versions) if version[0] == set_name]
                own = column[scene.place((set_name, restorer))]
                ranks.append(1 + sum(column[i] > own for i in inside))
                for other in ("dat-light", "bicubic"):
                    if (set_name, other) in scene.versions:
                        above[other].append(own > column[scene.place((set_name, other))])
                if name in scene.reference:
                    above["reference"].append(own > scene.reference[name])
        if ranks:
            shares = {f"above {other}": _share(seen) for other, seen in above.items()}
            ranked = {"metric": name, "of": len(inside), "mean rank": float(np.mean(ranks))}
            rows.append({**ranked, **shares})
    return rows
