"""How often `restobench compare` finds a drop, and how often it cries wolf, by simulation: part of `make bench`.

Scores are drawn from a real baseline; what is added to them between two runs is normal, or heavy-tailed (Student's t
with 3 degrees of freedom), with the given standard deviation by image.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.baseline import Baseline, Measured, read_baseline
from harness.regression import Verdict, compare

IMAGES = 24
GROUPS = 40
HISTORIC = sorted((Path(__file__).parents[1] / "historic_runs").glob("baseline-*.json"))[-1]

Floats = npt.NDArray[np.float64]


def draw_noise(generator: np.random.Generator, kind: str, spread: float, shape: tuple[int, ...]) -> Floats:
    """Differences between two runs: normal, or Student's t with 3 degrees of freedom, of the same deviation."""
    if kind == "normal":
        return generator.normal(0, spread, shape)
    return generator.standard_t(3, shape) * spread / np.sqrt(3)


def make_run(template: Baseline, scores: Floats, mark: str) -> Baseline:
    """A run of len(scores) restorers on one set, by PSNR; `mark` makes the bytes of restored images."""
    groups = {
        (f"restorer{number}", "set", "psnr"): {
            f"i{index}": Measured(float(value), "d", "r", f"{mark}{number}-{index}") for index, value in enumerate(row)
        }
        for number, row in enumerate(scores)
    }
    return replace(template, scores=groups, costs={}, failures={})


def measure(drop: float, spread: float, kind: str, groups: int, trials: int) -> float:
    """Share of trials in which at least one restorer of the run is said to have regressed."""
    generator = np.random.default_rng(0)
    template = read_baseline(HISTORIC)
    real = np.array([item.value for key, row in template.scores.items() if key[2] == "psnr" for item in row.values()])
    found = 0
    for _ in range(trials):
        old = generator.choice(real, (groups, IMAGES))
        new = old - drop + draw_noise(generator, kind, spread, old.shape)
        rows = compare(make_run(template, new, "new"), make_run(template, old, "old"))
        found += any(row.verdict is Verdict.REGRESSED for row in rows)
    return found / trials


def main(trials: int) -> None:
    """Prints both tables."""
    print(f"{IMAGES} images, psnr, tolerance 0.02 dB, alpha 0.01; {trials} trials each")
    print("share of trials in which a drop is found, one restorer:")
    for drop in (0.05, 0.1, 0.2):
        for spread in (0.03, 0.1):
            shares = [measure(drop, spread, kind, 1, trials) for kind in ("normal", "heavy")]
            print(f"  drop {drop:4} dB, spread {spread:4} dB: normal {shares[0]:6.1%}, heavy-tailed {shares[1]:6.1%}")
    print(f"share of whole runs of {GROUPS} restorers with a false alarm:")
    for spread in (0.001, 0.03, 0.1):
        shares = [measure(0.0, spread, kind, GROUPS, trials) for kind in ("normal", "heavy")]
        print(f"  spread {spread:5} dB: normal {shares[0]:6.1%}, heavy-tailed {shares[1]:6.1%}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
