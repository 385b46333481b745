"""What batches save or cost here: processor time of an image in a batch against that alone.

`make bench` prints a row for each network or metric and size: milliseconds of an image alone, the
ratio in batches of 4 and 16 (below 1: a batch saves), and how far their results are apart. The
three are measured in turns, in one process of one thread; medians of five.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import torch

from benchmarks.sources import Photos
from harness.dri.metric import Dri
from harness.metrics.pyiqa import family
from harness.plugins.kinds import restorers
from harness.protocols import Conditions
from harness.restoring.adaptation import restore_images

SIDES = (32, 64)
SIZES = (1, 4, 16)
TURNS = 5

Run = Callable[[list[Any]], Any]
"""What images are made of, given as one batch."""


def crops(side: int) -> list[Any]:
    """Parts of photographs, noisy."""
    noise, names = np.random.default_rng(0), Photos().ids()
    found = []
    for number in range(max(SIZES)):
        photo = Photos().read(names[number % len(names)])
        top = 16 * (number // len(names))
        part = photo[:, top : top + side, 40 : 40 + side]
        found.append((part + noise.normal(0, 0.05, part.shape)).clip(0, 1).astype(np.float32))
    return found


def network(name: str, scale: int) -> Run:
    built = restorers.get(name)()

    def run(images: list[Any]) -> Any:
        known = [Conditions(scale=scale, sigma_255=13.0)] * len(images)
        return np.stack(restore_images(built, images, known, trained=False))

    return run


def metric(built: Any) -> Run:
    def run(images: list[Any]) -> Any:
        several, reference = np.stack(images), None
        if built.card.needs_reference:
            reference = np.roll(several, 1, axis=3)
        if len(images) > 1:
            return np.array([one.value for one in built.measure_batch(several, reference)])
        return np.array([built(several[0], reference if reference is None else reference[0]).value])

    return run


def row(name: str, run: Run, side: int) -> str:
    images = crops(side)
    spent: dict[int, list[float]] = {size: [] for size in SIZES}
    found = {}
    for turn in range(TURNS + 1):
        for size in SIZES:
            parts = [images[start : start + size] for start in range(0, len(images), size)]
            began = time.process_time()
            made = [run(part) for part in parts]
            if turn:  # the first is for warmth
                spent[size].append((time.process_time() - began) / len(images))
            found[size] = np.concatenate(made)
    alone = median(spent[1])
    ratios = [median(a / b for a, b in zip(spent[n], spent[1], strict=True)) for n in SIZES[1:]]
    apart = max(float(np.abs(found[n] - found[1]).max()) for n in SIZES[1:])
    told = " | ".join(f"{ratio:.2f}" for ratio in ratios)
    return f"| {name} | {side} x {side} | {1000 * alone:.1f} | {told} | {apart:.1g} |"


def main() -> None:
    """Prints the table."""
    torch.set_num_threads(1)
    kinds = {
        "ffdnet": network("ffdnet", 1),
        "dat-light x2": network("dat-light", 2),
        "dri": metric(Dri()),
        **{f"pyiqa-{name}": metric(family.get(f"pyiqa-{name}")()) for name in ("fsim", "vif")},
    }
    print("| what | images | ms alone | of 4 | of 16 | apart |\n|---|---|---|---|---|---|")
    for name, run in kinds.items():
        for side in SIDES:
            print(row(name, run, side), flush=True)


if __name__ == "__main__":
    main()
