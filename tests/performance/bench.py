"""Start-up times and costs as ratios within one run: `make bench`.

Not part of the test suite: machines differ.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

RESTOBENCH = str(Path(sys.executable).with_name("restobench"))
BASE = [sys.executable, "-c", "import click, json, importlib.metadata"]
LIMITS = {("--help",): 2.0, ("list",): 4.0}
"""Ratios that docs and users rely on (cli contract)."""


def seconds(function: Callable[[], object], repeats: int = 7) -> float:
    """The median time of a call, after one that does not count."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure_startup() -> bool:
    """Prints the start-up of commands against an interpreter that imports click.

    Says whether all keep their limit.
    """

    def run(command: list[str]) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    base = seconds(lambda: run(BASE))
    good = True
    for arguments, limit in LIMITS.items():
        ratio = seconds(lambda arguments=arguments: run([RESTOBENCH, *arguments])) / base
        good &= ratio <= limit
        print(f"restobench {' '.join(arguments):8} {ratio:5.2f}x  (at most {limit}x)")
    return good


METRICS = (
    "psnr", "ssim", "ms-ssim", "niqe", "blur-effect", "dri", "pyiqa-ssim", "pyiqa-fsim",
    "pyiqa-piqe",
)  # fmt: skip
"""Those that need no download."""


def measure_metrics() -> None:
    """Prints what each of `METRICS` costs on a 512 x 512 photograph, against PSNR."""
    import numpy as np

    from benchmarks.sources import Photos
    from harness.plugins.kinds import metrics

    photo = np.tile(Photos(256).read("coffee"), (1, 2, 2))
    noise = np.random.default_rng(0).normal(0, 0.05, photo.shape)
    noisy = np.clip(photo + noise, 0, 1).astype(np.float32)
    base = None
    for name in METRICS:
        metric = metrics.get(name)()
        spent = seconds(lambda metric=metric: metric(noisy, photo), repeats=3)
        base = base or spent
        print(f"{name:12} {spent / base:8.1f}x psnr")


if __name__ == "__main__":
    good = measure_startup()
    measure_metrics()
    sys.exit(not good)
