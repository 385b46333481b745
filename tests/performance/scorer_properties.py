"""How the scorer follows degradations, and what hardly moves it, on photographs.

    python tests/performance/scorer_properties.py [FOLDER] [--weights FILE]

Figures of the scorer's model card.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import torch

from benchmarks.degradations.kadid import KADID, Distortion
from benchmarks.sources import Photos
from harness.dri.metric import Dri
from harness.images import Image, quantise, read_image
from harness.plugins.kinds import degradations

SIDE = 384
LEVELS = {
    ("gaussian-noise-clipped", "sigma_255"): (5, 10, 20, 35, 50),
    ("gaussian-blur", "sigma"): (0.6, 1, 1.6, 2.4, 3.6),
    ("jpeg", "quality"): (60, 40, 25, 15, 8),
}
PACKAGED = ("astronaut", "chelsea", "coffee", "rocket", "motorcycle", "china", "flower")


def degrade(image: Image, name: str, parameter: str, value: float) -> Image:
    """The image (3, H, W), degraded once; always alike."""
    degraded: Image = degradations.get(name)(**{parameter: value})(image, np.random.default_rng(0))
    return degraded


def mean_score(dri: Dri, images: list[Image], name: str, parameter: str, value: float) -> float:
    """The mean score of images, each degraded once."""
    degraded = (degrade(image, name, parameter, value) for image in images)
    return float(np.mean([dri(image).value for image in degraded]))


def centre(image: Image) -> Image:
    """The middle of (3, H, W), at most `SIDE` pixels a side."""
    top, left = (max(side - SIDE, 0) // 2 for side in image.shape[1:])
    return np.ascontiguousarray(image[:, top : top + SIDE, left : left + SIDE])


def shifts(dri: Dri, images: list[Image]) -> str:
    """By how many points a shift by one pixel, down or to the right, moves the scores."""
    moved = []
    for image in images:
        here, down, right = (image[:, :-1, :-1], image[:, 1:, :-1], image[:, :-1, 1:])
        score = dri(here).value
        moved.append(max(abs(dri(other).value - score) for other in (down, right)))
    return f"{np.mean(moved):.2f} on average, {np.max(moved):.2f} at most"


def score_at_level(dri: Dri, item: Distortion, level: int, image: Image) -> float:
    """The score of the image with one of KADID-10k's distortions."""
    return dri(quantise(item.build(level)(image, np.random.default_rng(0)))).value


def rises(dri: Dri, images: list[Image]) -> list[str]:
    """KADID-10k's distortions whose mean score rises by over a point from one level to the next."""
    found = []
    for item in KADID:
        levels = range(1, 6)
        rows = [[score_at_level(dri, item, level, image) for image in images] for level in levels]
        means = np.mean(rows, axis=1)
        step = int(np.argmax(np.diff(means)))
        if means[step + 1] - means[step] > 1:
            steps = (f"{item.levels[at]} ({means[at]:.1f})" for at in (step, step + 1))
            found.append(f"{item.type}: from {' to '.join(steps)}")
    return found


def main(folder: Path, weights: str | None) -> None:
    """Prints everything."""
    torch.set_num_threads(1)
    dri = Dri(weights=weights)
    photographs = [read_image(path, mode="rgb") for path in sorted(folder.glob("*.png"))]
    assert photographs, f"{folder} has no PNG files"
    packaged = [Photos(256).read(name) for name in PACKAGED]
    crops = [centre(image) for image in photographs[::6]]
    print(f"clean, every sixth of {folder}: {np.mean([dri(image).value for image in crops]):.1f}")
    for (name, parameter), values in LEVELS.items():
        means = [mean_score(dri, crops, name, parameter, value) for value in values]
        print(f"{name}, {parameter} {values}:", *(f"{mean:.1f}" for mean in means))
    print(f"a shift by one pixel, every third: {shifts(dri, photographs[::3])}")
    print(f"the packaged photographs: {shifts(dri, packaged)}")
    pairs = [(degrade(image, "jpeg", "quality", 98), image) for image in packaged]
    moved = [abs(dri(one).value - dri(other).value) for one, other in pairs]
    print(f"JPEG of quality 98, the packaged photographs: {np.max(moved):.2f} at most")
    print(
        "levels that are thought better than the one before, "
        "all packaged photographs at 160 pixels:"
    )
    print(*rises(dri, [Photos(160).read(name) for name in Photos().ids()]), sep="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kodak24 = Path(os.environ.get("RESTOBENCH_DATA", ""), "sets", "kodak24")
    parser.add_argument("folder", nargs="?", type=Path, default=kodak24, help="of photographs")
    parser.add_argument("--weights", help="in place of those of dri")
    given = parser.parse_args()
    main(given.folder, given.weights)
