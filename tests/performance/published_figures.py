"""Published figures on whole sets, which take minutes: `make bench`.

The test suite measures parts of them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np

from benchmarks.evaluations import EVALUATIONS
from harness.catalogue import find_set
from harness.metrics.psnr import PSNR, PSNRY
from harness.plugins.specification import parse_restorer
from harness.protocols import Metric, iterate
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer
from harness.scoring.evaluation import prepare

# weight file, set, evaluation, metric, published PSNR in dB
FIGURES: list[tuple[str, str, str, Metric, float]] = [
    ("dncnn_25.pth", "set12-sigma25", "awgn", PSNR(), 30.432),
    ("dncnn_25.pth", "bsd68-sigma25", "awgn", PSNR(), 29.233),
    ("dncnn_25_gray.onnx", "set12-sigma25", "awgn", PSNR(), 30.432),
    ("dctlsa/X2.pt", "set5-x2", "sr-y", PSNRY(), 38.246),
    ("dctlsa/X3.pt", "set5-x3", "sr-y", PSNRY(), 34.697),
    ("dctlsa/X4.pt", "set5-x4", "sr-y", PSNRY(), 32.523),
]
PART = 4
"""So many images are what tests/golden/test_restorers.py measures."""


def main() -> int:
    """Prints each figure, measured and published, and the mean over the first images.

    Returns 1 where one is off.
    """
    weights = Path(os.environ["RESTOBENCH_DATA"]) / "weights"
    good = True
    for file, set_name, evaluation, metric, published in FIGURES:
        restorer = build_restorer(parse_restorer(str(weights / file)))
        degraded_set = find_set(set_name)
        values = []
        for sample in iterate(degraded_set):
            restored = restore_image(restorer, sample.degraded, degraded_set.conditions)
            scale = degraded_set.conditions.scale
            seen = prepare(restored, sample.reference, metric.card, EVALUATIONS[evaluation], scale)
            values.append(metric(*seen).value)
        mean, part = float(np.mean(values)), float(np.mean(values[:PART]))
        good &= abs(mean - published) < 1e-3
        print(
            f"{file:20} {set_name:14} {mean:.4f} dB, published {published:.3f}; "
            f"first {PART}: {part:.4f}",
            flush=True,
        )
    return not good


if __name__ == "__main__":
    sys.exit(main())
