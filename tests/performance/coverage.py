"""Do intervals and ranges of ranks cover what they say? And what does the bootstrap cost?

    python tests/performance/coverage.py [RUNS]        default: 4000 simulated sets of images each
    python tests/performance/coverage.py RUNS ranks    ranges of ranks and intervals of gaps alone
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
from harness.statistics.permutation import compare_pairs
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
RANKED = (3, 5, 8, 24, 50)
RESTORERS = 10


def cover_means(draw: Draw, images: int, runs: int) -> float:
    """Share of 95 % intervals that hold the true mean."""
    scores = draw(np.random.default_rng(images), (runs, images))
    _, low, high = intervals(scores, (images,), images)
    return float(((low <= 0) & (high >= 0)).mean())


def cover_ranks(scores: Sample, means: Floats, images: int, runs: int) -> list[float]:
    """How often ranges hold the true ranks, and intervals of gaps the true gaps.

    Shares of restorers whose range does, of leaderboards on which all ranges do, of leaderboards on
    which the intervals of all pairs do, and of pairs of different restorers that are told apart.

    Args:
        scores: Draws scores of so many images, (restorers, images).
        means: The true means, (restorers,).
        images: How many are drawn.
        runs: How often.
    """
    generator = np.random.default_rng(images)
    shares, gaps = np.zeros(4), means[:, None] - means
    differ = ~np.isclose(gaps, 0)
    above, below = (means[:, None] < means).sum(axis=1), (means[:, None] > means).sum(axis=1)
    for _ in range(runs):
        drawn = scores(generator, images)
        pairs = compare_pairs(drawn, (images,), images)
        better = (pairs.p <= 0.05) & (pairs.difference > 0)
        # ties have several true ranks: the range must hold all of them
        held = (better.sum(axis=0) <= above) & (better.sum(axis=1) <= below)
        true = (pairs.low <= gaps + 1e-9) & (gaps <= pairs.high + 1e-9)
        told = (pairs.p <= 0.05)[differ].mean() if differ.any() else 0.0
        shares += held.mean(), held.all(), true.all(), told
    return [float(share) for share in shares / runs]


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
        "single / whole leaderboard / all gaps / told apart; moved to one mean the same"
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
            print("   ", *_shares(scores, means, IMAGES[2:], runs))


def _shares(scores: Sample, means: Floats, counts: tuple[int, ...], runs: int) -> list[str]:
    found = {images: cover_ranks(scores, means, images, runs) for images in counts}
    return [f"n={images}: {'/'.join(f'{x:.3f}' for x in one)}" for images, one in found.items()]


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
    ranges(runs)
    print(
        f"cost, {platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        "CPU seconds, the best of 5:"
    )
    for what, function in _costs().items():
        function()
        print(f"  {what}: {min(_seconds(function) for _ in range(5)):.4f}")


def ranges(runs: int) -> None:
    """Prints how ranges of ranks and intervals of gaps cover."""
    ties, apart = np.zeros(RESTORERS), np.linspace(0, 6, RESTORERS)
    for title, means, spreads in (
        ("all alike", ties, np.ones(RESTORERS)),
        ("all alike, spreads 0.3 to 2", ties, np.linspace(0.3, 2, RESTORERS)),
        ("means 0 to 6, spreads 0.3 to 2", apart, np.linspace(0.3, 2, RESTORERS)),
    ):
        print(
            f"ranges of ranks, {RESTORERS} restorers, {title}, {runs // 4} runs: "
            "single / whole leaderboard / all gaps / told apart"
        )
        for name, draw in DISTRIBUTIONS.items():
            scores = simulated(draw, means, spreads)
            print(f"  {name:13}", *_shares(scores, means, RANKED, runs // 4), flush=True)


def _costs() -> dict[str, Callable[[], object]]:
    generator = np.random.default_rng(0)
    table = generator.normal(30, 4, 41) + generator.normal(size=(332, 41))
    long = generator.normal(30, 4, 24) + generator.normal(size=(332 * 41, 24))
    singles, counts = long.astype(np.float32), resample_counts((24,))
    models = "332 models x 41 columns"
    return {
        f"{models} x {RESAMPLES} resamples, intervals": lambda: intervals(table, (41,), 41),
        "  the same, ranges of ranks (54,946 pairs)": lambda: compare_pairs(table, (41,), 41),
        f"{models} of 24 images x {RESAMPLES}, the product": lambda: singles @ counts,
        "  the same, studentised intervals": lambda: intervals(long, (24,), 24),
    }


def _seconds(function: Callable[[], object]) -> float:
    start = process_time()
    function()
    return process_time() - start


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[1:] == ["ranks"]:
        ranges(int(given[0]))
    else:
        main(int(given[0]) if given else 4000, Path(given[1]) if len(given) > 1 else None)
