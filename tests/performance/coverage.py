"""Do intervals and ranges of ranks cover what they say? And what does the bootstrap cost?

    python tests/performance/coverage.py [RUNS]        default: 4000 simulated sets of images each
    python tests/performance/coverage.py RUNS FOLDER   ranges of ranks by the real scores of a run

True means are known, images are easy and hard alike for everyone, and restorers differ in spread.
Of a run with many images (bsds500.toml beside this file makes one), these are all there is, and
leaderboards are made of some of them.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
import numpy.typing as npt

from harness.ranking.tables import count_failures, make_blocks, tables
from harness.statistics.permutation import pairs_p
from harness.statistics.resampling import RESAMPLES, intervals, resample_counts
from harness.storage.store import load_run

Floats = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Floats]
Sample = Callable[[np.random.Generator, int], Floats]

DISTRIBUTIONS: dict[str, Draw] = {
    "normal": lambda generator, shape: generator.normal(size=shape),
    "gamma(4)": lambda generator, shape: (generator.gamma(4, size=shape) - 4) / 2,
    "exponential": lambda generator, shape: generator.exponential(size=shape) - 1,
    "t(3)": lambda generator, shape: generator.standard_t(3, size=shape) / 3**0.5,
    "lognormal(1)": lambda generator, shape: (
        (generator.lognormal(0, 1, size=shape) - np.exp(0.5)) / 2.16
    ),
}
IMAGES = (8, 12, 24, 50, 100)
RESTORERS = 10


def cover_means(draw: Draw, images: int, runs: int) -> float:
    """Share of 95 % intervals that hold the true mean."""
    scores = draw(np.random.default_rng(images), (runs, images))
    _, low, high = intervals(scores, (images,), images)
    return float(((low <= 0) & (high >= 0)).mean())


def cover_ranks(scores: Sample, means: Floats, images: int, runs: int) -> tuple[float, float]:
    """Shares of ranges that hold the true rank: single restorers', and whole leaderboards at once.

    Args:
        scores: Draws scores of so many images, (restorers, images).
        means: The true means, (restorers,).
        images: How many are drawn.
        runs: How often.
    """
    generator = np.random.default_rng(images)
    single, whole = 0.0, 0.0
    above, below = (means[:, None] < means).sum(axis=1), (means[:, None] > means).sum(axis=1)
    for _ in range(runs):
        drawn = scores(generator, images)
        found = drawn.mean(axis=1)
        better = (pairs_p(drawn, (images,)) <= 0.05) & (found[:, None] > found)
        # ties have several true ranks: the range must hold all of them
        held = (better.sum(axis=0) <= above) & (better.sum(axis=1) <= below)
        single += held.mean()
        whole += held.all()
    return single / runs, whole / runs


def simulated(draw: Draw, means: Floats, spreads: Floats) -> Sample:
    """Scores of restorers that find the same images easy, each with noise of its own spread."""

    def scores(generator: np.random.Generator, images: int) -> Floats:
        noise = draw(generator, (len(means), images)) * spreads[:, None]
        return 30 + 3 * generator.normal(size=images) + means[:, None] + noise

    return scores


def real_ranges(run: Path, runs: int) -> None:
    """Prints how ranges cover when a run's images are all there are, and so many of them are drawn.

    As they are, most restorers are far apart; moved to one mean, any verdict on two is false.
    """
    data = load_run(run)
    print(
        f"ranges of ranks, images drawn from {run}, {runs} runs: "
        "single / whole leaderboard; moved to one mean the same"
    )
    for table in tables(data, make_blocks(data), count_failures(data), policy="common"):
        if table.set is None or len(table.restorers) < 2:
            continue
        images = table.sign * table.sums
        size = f"{len(table.restorers)} restorers, {images.shape[1]} images"
        print(f"  {table.set}, {table.metric}, {size}")
        for shown in (images, images - images.mean(axis=1, keepdims=True)):

            def scores(
                generator: np.random.Generator, count: int, images: Floats = shown
            ) -> Floats:
                return images[:, generator.integers(images.shape[1], size=count)]

            means = shown.mean(axis=1).round(9)
            found = {count: cover_ranks(scores, means, count, runs) for count in IMAGES[2:]}
            print("   ", *_shares(found))


def _shares(found: dict[int, tuple[float, float]]) -> list[str]:
    return [f"n={images}: {one:.3f}/{all_:.3f}" for images, (one, all_) in found.items()]


def main(runs: int, run: Path | None) -> None:
    """Prints the tables."""
    if run is not None:
        real_ranges(run, runs // 4)
        return
    print(
        f"coverage of 95 % intervals of the mean, {runs} runs, "
        f"standard error {(0.0475 / runs) ** 0.5:.4f}"
    )
    for name, draw in DISTRIBUTIONS.items():
        covered = (f"n={images}: {cover_means(draw, images, runs):.3f}" for images in IMAGES)
        print(f"  {name:13}", *covered)
    ties, apart = np.zeros(RESTORERS), np.linspace(0, 1.5, RESTORERS)
    for title, means, spreads in (
        ("all alike", ties, np.ones(RESTORERS)),
        ("all alike, spreads 0.3 to 2", ties, np.linspace(0.3, 2, RESTORERS)),
        ("means 0 to 1.5", apart, np.ones(RESTORERS)),
    ):
        print(
            f"ranges of ranks, {RESTORERS} restorers, {title}, {runs // 4} runs: "
            "single / whole leaderboard"
        )
        for name, draw in DISTRIBUTIONS.items():
            scores = simulated(draw, means, spreads)
            found = {images: cover_ranks(scores, means, images, runs // 4) for images in IMAGES[2:]}
            print(f"  {name:13}", *_shares(found))
    print(
        f"cost, {platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        "CPU seconds, the best of 5:"
    )
    for what, function in _costs().items():
        function()
        print(f"  {what}: {min(_seconds(function) for _ in range(5)):.4f}")


def _costs() -> dict[str, Callable[[], object]]:
    generator = np.random.default_rng(0)
    table = generator.normal(30, 4, 41) + generator.normal(size=(332, 41))
    long = generator.normal(30, 4, 24) + generator.normal(size=(332 * 41, 24))
    singles, counts = long.astype(np.float32), resample_counts((24,))
    models = "332 models x 41 columns"
    return {
        f"{models} x {RESAMPLES} resamples, intervals": lambda: intervals(table, (41,), 41),
        "  the same, ranges of ranks (54,946 pairs)": lambda: pairs_p(table, (41,)),
        f"{models} of 24 images x {RESAMPLES}, the product": lambda: singles @ counts,
        "  the same, studentised intervals": lambda: intervals(long, (24,), 24),
    }


def _seconds(function: Callable[[], object]) -> float:
    start = process_time()
    function()
    return process_time() - start


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 4000, Path(given[1]) if len(given) > 1 else None)
