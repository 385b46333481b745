"""What `harness.evaluate` and `harness.Validator` cost beside torch, a network and its metrics.

    python tests/performance/validation.py

Printed by `make bench`; the exit code is 1 where a row falls short. CPU time of this process, as
the median of `REPEATS`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from path_of_a_cell import PYTHON, REPEATS, Row, median, spend

NO_GOAL = float("inf")
IMAGES, SIDE, NETWORK_SECONDS = 24, 256, 0.001
STEPS, SMALL = 300, 64

_BENCHMARK = """
metrics = ["psnr", "ssim"]
evaluation = "rgb"
[[sets]]
name = "val"
task = "denoise"
folder = "{folder}"
degradations = [{{ name = "gaussian-noise-clipped", sigma_255 = 25 }}]
"""

_EVALUATE = """
import torch
from harness import evaluate
evaluate(torch.nn.Identity(), "quickstart", sets=["photos-sigma25"], metrics=["psnr"], limit=1)
"""


def startup(folder: Path) -> Iterator[Row]:
    """A fresh interpreter that evaluates a module on one image, against one that imports torch."""
    torch, evaluate = [*PYTHON, "-c", "import torch"], [*PYTHON, "-c", _EVALUATE]
    for command in (torch, evaluate):  # the compiled files are there
        spend(command, folder)
    ratio = median(lambda: spend(evaluate, folder).cpu / spend(torch, folder).cpu)
    yield Row("evaluate a module on one image, cold interpreter", ratio, 1.2, "x import torch")
    bare, ours = [*PYTHON, "-c", "pass"], [*PYTHON, "-c", "import harness"]
    more = median(lambda: spend(ours, folder).cpu - spend(bare, folder).cpu)
    yield Row("import harness, beside an empty interpreter", 1000 * more, 50, "ms")


def loop(folder: Path) -> Iterator[Row]:
    """A validation in a loop, against the same network and metrics called by hand."""
    import torch

    import harness

    benchmark = _images(folder, SIDE)

    class Network(torch.nn.Module):
        """Busy for a millisecond."""

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            until = time.process_time() + NETWORK_SECONDS
            while time.process_time() < until:
                pass
            return image

    network, steps = Network(), iter(range(1000))
    validator = harness.Validator(str(benchmark))
    validator(network, next(steps))  # makes the degraded images
    ours = median(lambda: _cpu(lambda: validator(network, next(steps))))
    by_hand = _by_hand(network, benchmark)
    hand = median(lambda: _cpu(by_hand))
    name = f"validation of {IMAGES} images of {SIDE} x {SIDE}, a network of 1 ms, psnr and ssim"
    yield Row(f"{name}: beside both", (ours - hand) / IMAGES * 1000, 15, "ms an image")
    yield Row(f"{name}: the whole", ours / hand, NO_GOAL, "x by hand")
    yield Row("the same by hand", hand / IMAGES * 1000, NO_GOAL, "ms an image")


def many_steps(folder: Path) -> Iterator[Row]:
    """A training that validates `STEPS` times: the last ones against the first of the same run."""
    import torch

    import harness

    benchmark = _images(folder, SMALL)
    network = torch.nn.Conv2d(3, 3, 3, padding=1)
    validator = harness.Validator(str(benchmark), out=folder / "run")
    with warnings.catch_warnings(action="ignore"):
        spent = [_cpu(partial(validator, network, step)) for step in range(STEPS + 1)][1:]
    first, last = (statistics.median(part) for part in (spent[:10], spent[-10:]))
    name = f"{STEPS} validations of {IMAGES} images of {SMALL} x {SMALL}"
    yield Row(f"{name}: the last ten", last / first, 1.2, "x the first ten")
    yield Row(f"{name}: the last ten", last / IMAGES * 1000, NO_GOAL, "ms an image")


def _images(folder: Path, side: int) -> Path:
    """A benchmark of `IMAGES` images of this height and width."""
    from harness.images import write_image

    (folder / "val").mkdir()
    generator = np.random.default_rng(0)
    for number in range(IMAGES):
        small = generator.random((3, side // 8, side // 8), dtype=np.float32)
        write_image(folder / "val" / f"{number:02}.png", np.kron(small, np.ones((1, 8, 8))))
    benchmark = folder / "val.toml"
    benchmark.write_text(_BENCHMARK.format(folder=folder / "val"))
    return benchmark


def _by_hand(network: object, benchmark: Path) -> object:
    """The network and the metrics alone, over images that are held in memory."""
    import torch

    from harness.images import quantise
    from harness.plugins.kinds import metrics, resolve_benchmark
    from harness.workers.as_in_workers import as_in_workers

    [degraded_set] = resolve_benchmark(str(benchmark)).sets
    samples = [degraded_set.sample(name) for name in degraded_set.ids()]
    built = [metrics.get(name)(device="cpu") for name in ("psnr", "ssim")]

    def loop() -> None:
        with as_in_workers(), torch.no_grad():
            for sample in samples:
                restored = network(torch.from_numpy(sample.degraded)[None])[0].numpy()  # type: ignore[operator]
                for metric in built:
                    metric(quantise(restored), sample.reference)

    return loop


def _cpu(function: object) -> float:
    started = time.process_time()
    function()  # type: ignore[operator]
    return time.process_time() - started


def main() -> bool:
    """Prints the table; says whether every row holds."""
    good = True
    print(f"| measured, median of {REPEATS} | value | goal | |\n|---|---|---|---|")
    for rows in (startup, loop, many_steps):
        with tempfile.TemporaryDirectory() as folder:
            for row in rows(Path(folder)):
                verdict, value = "" if row.holds() else "no", f"{row.value:.3g} {row.unit}"
                goal = "" if row.goal == NO_GOAL else f"at most {row.goal:g}"
                print(f"| {row.what} | {value} | {goal} | {verdict} |", flush=True)
                good &= row.holds()
    return good


if __name__ == "__main__":
    sys.exit(not main())
