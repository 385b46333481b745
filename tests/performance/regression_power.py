"""How often `restobench compare` finds a drop, and how often it cries wolf: part of `make bench`.

By simulation. Everything is drawn from real scores (record_scores.py): Kodak24, four metrics. A
restorer that lost has the real differences by image of a restorer and one that somebody changed a
little, moved and scaled to the given drop and deviation of PSNR; the other metrics move along as
they really did. A non-deterministic restorer has real re-runs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from harness.plugins.kinds import metrics
from harness.regression.comparison import compare
from harness.regression.measured_run import MeasuredRun, MeasuredScore
from harness.results import Spent, Verdict

IMAGES = 24
RECORD = json.loads(Path(__file__).with_name("kodak24_scores.json").read_text())
METRICS = tuple(RECORD["takes"][0])
DROP = 0.1

Floats = npt.NDArray[np.float64]
"""Scores of one restorer on one set: (metrics, images)."""

TAKES = np.array([[take[name] for name in METRICS] for take in RECORD["takes"]])
PAIRS = [
    tuple(np.array([pair[when][name] for name in METRICS]) for when in ("before", "now"))
    for pair in RECORD["pairs"]
]


def draw_rerun(generator: np.random.Generator, spread: float | None) -> tuple[Floats, Floats]:
    """Two runs of a non-deterministic restorer over images drawn from Kodak24.

    Args:
        generator: Source of randomness.
        spread: Deviation of the differences in PSNR, in dB; `None`: as they really are.
    """
    images = generator.integers(0, TAKES.shape[2], IMAGES)
    first = generator.integers(0, len(TAKES), IMAGES)
    second = (first + generator.integers(1, len(TAKES), IMAGES)) % len(TAKES)
    old, new = TAKES[first, :, images].T, TAKES[second, :, images].T
    if spread is not None:
        new = old + (new - old) * spread / rerun_deviation()
    return old, new


def rerun_deviation() -> float:
    """Standard deviation in dB of the difference in PSNR between two real re-runs, by image."""
    psnr = TAKES[:, METRICS.index("psnr")]
    return float(np.sqrt(2 * psnr.var(axis=0, ddof=1).mean()))


def draw_drop(generator: np.random.Generator, drop: float, spread: float) -> tuple[Floats, Floats]:
    """Two runs of a restorer that lost `drop` dB on average, with deviation `spread` by image."""
    before, now = PAIRS[generator.integers(len(PAIRS))]
    change = now - before
    change = change - change.mean(axis=1, keepdims=True)
    psnr = change[METRICS.index("psnr")]
    slopes = change @ psnr / (psnr @ psnr)
    images = generator.integers(0, before.shape[1], IMAGES)
    moved = change[:, images] * spread / psnr.std() - drop * slopes[:, None]
    return before[:, images], before[:, images] + moved


def as_runs(
    drawn: dict[tuple[str, str], tuple[Floats, Floats]], shown: Sequence[str]
) -> tuple[MeasuredRun, MeasuredRun]:
    """Two runs as a regression check sees them, newer first."""

    def run(which: int) -> MeasuredRun:
        scores = {
            (*pair, name): {
                f"i{index}": MeasuredScore(float(value), "d", "r", f"{which}{pair}{index}")
                for index, value in enumerate(columns[which][METRICS.index(name)])
            }
            for pair, columns in drawn.items()
            for name in shown
        }
        cards = {name: metrics.get(name).card for name in shown}
        evaluation, hardware = {"name": "awgn", "hash": "e"}, {"device": "cpu"}
        return MeasuredRun("b", "", evaluation, hardware, cards, scores, {}, {})

    return run(1), run(0)


def holm(p: Sequence[float], _families: Sequence[str]) -> list[float]:
    """Holm over all cells, for comparison."""
    order = np.argsort(p)
    raised = np.array(p)[order] * (len(p) - np.arange(len(p)))
    corrected = np.minimum(1, np.maximum.accumulate(raised))
    return [float(value) for value in corrected[np.argsort(order)]]


def power(
    restorers: int, sets: int, shown: Sequence[str], dropping: int, trials: int, way: str
) -> float:
    """Share of trials in which the drop is found.

    That is: PSNR on the first set of the first restorer is said to have regressed.

    Args:
        restorers: The first one lost; the others are not deterministic, with a deviation of 0.1 dB.
        sets: Sets of 24 images.
        shown: Metrics.
        dropping: On so many sets the first restorer lost; on the others it is like the others.
        trials: How many.
        way: `ours`, or `holm` over all cells.
    """
    generator = np.random.default_rng(0)
    found = 0
    for _ in range(trials):
        drawn = {
            (f"r{number}", f"s{place}"): draw_drop(generator, DROP, 0.1)
            if number == 0 and place < dropping
            else draw_rerun(generator, 0.1)
            for number in range(restorers)
            for place in range(sets)
        }
        if way == "holm":
            with patch("harness.regression.judging.correct", holm):
                comparison = compare(*as_runs(drawn, shown))
        else:
            comparison = compare(*as_runs(drawn, shown))
        rows = comparison.of(Verdict.REGRESSED)
        regressed = {(item.restorer, item.set, item.metric) for item in rows}
        found += ("r0", "s0", "psnr") in regressed
    return found / trials


def false_alarms(restorers: int, sets: int, spread: float | None, trials: int) -> float:
    """Share of re-runs in which anything is said to have regressed.

    The benchmark is unchanged and not deterministic.
    """
    generator = np.random.default_rng(1)
    alarms = 0
    for _ in range(trials):
        drawn = {
            (f"r{number}", f"s{place}"): draw_rerun(generator, spread)
            for number in range(restorers)
            for place in range(sets)
        }
        alarms += bool(compare(*as_runs(drawn, METRICS)).of(Verdict.REGRESSED))
    return alarms / trials


def timing_alarms(restorers: int, trials: int) -> float:
    """Share of re-runs in which noise of +-10 % in the costs is said to be a regression.

    The noise is by image, and by machine.
    """
    generator = np.random.default_rng(2)
    alarms = 0
    for _ in range(trials):
        costs = []
        for _ in range(2):
            machine = generator.uniform(0.9, 1.1)
            noise = machine * generator.uniform(0.9, 1.1, (restorers, IMAGES, 2))
            costs.append(
                {(f"r{number}", "s"): _by_image(rows) for number, rows in enumerate(noise)}
            )
        evaluation, hardware = {"name": "", "hash": ""}, {"device": "cpu", "workers": 1}
        now, before = (
            MeasuredRun("b", "", evaluation, hardware, {}, {}, cost, {}) for cost in costs
        )
        alarms += bool(compare(now, before).of(Verdict.REGRESSED))
    return alarms / trials


def _by_image(rows: Floats) -> dict[str, Spent]:
    """Seconds and MiB by image, of (images, 2) of noise."""
    return {f"i{index}": Spent(0.5 * a, 500.0 * b, 300.0 * b) for index, (a, b) in enumerate(rows)}


DIFFERENT_RUNS = (
    (1, 1, METRICS[:1], 1), (1, 1, METRICS, 1), (1, 3, METRICS, 3), (1, 3, METRICS, 1),
    (3, 3, METRICS, 3), (3, 3, METRICS, 1), (10, 3, METRICS, 3), (10, 3, METRICS, 1),
)  # fmt: skip
"""Restorers, sets, metrics, and sets on which the first restorer lost."""


def main(trials: int) -> None:
    """Prints the tables of docs/regression.md."""
    print(
        f"{IMAGES} images a set, drop {DROP} dB, deviation 0.1 dB, tolerance 0.02 dB; "
        f"{trials} trials each"
    )
    print(f"two real re-runs differ by {rerun_deviation():.3f} dB (standard deviation by image)")
    print(
        "restorers x sets x metrics, sets with a drop: "
        "PSNR of the first set is found, ours / Holm over all cells"
    )
    for restorers, sets, shown, dropping in DIFFERENT_RUNS:
        run = (restorers, sets, shown, dropping, trials)
        found = f"{power(*run, 'ours'):6.1%} / {power(*run, 'holm'):6.1%}"
        print(f"  {restorers:2} x {sets} x {len(shown)}, {dropping}: {found}", flush=True)
    print("whole runs with a false alarm, by deviation between re-runs:")
    for restorers, sets in ((1, 3), (10, 3)):
        for spread in (0.01, 0.1, None):
            share = f"{false_alarms(restorers, sets, spread, trials):6.1%}"
            size = f"{restorers:2} x {sets} x {len(METRICS)}"
            print(f"  {size}, {spread or 'as it is'}: {share}", flush=True)
    print(f"40 restorers with timing and memory noise of +-10 %: {timing_alarms(40, trials):6.1%}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
