"""Records the real scores that regression_power.py draws from.

Kodak24 by slightly different restorers, and re-runs.

Takes some minutes and needs RESTOBENCH_DATA and FFDNet's weights; the record is kept in
kodak24_scores.json. The images are the 192 by 192 pixels in the middle of each photograph, with
noise of sigma 25.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from harness.plugins.kinds import metrics, resolve_benchmark
from harness.plugins.specification import parse_restorer
from harness.restoring.build import build_restorer
from harness.scoring.evaluation import prepare

RECORD = Path(__file__).with_name("kodak24_scores.json")
PAIRS = [
    ("nl-means", "nl-means:strength=0.86"),
    ("tv", "tv:strength=1.06"),
    ("bilateral", "bilateral:strength=4.3"),
    ("ffdnet", "altered:MistunedNetwork"),
]
"""A restorer, and one that somebody changed a little."""

TAKES = 8
SIDE = 192
BENCHMARK = """
evaluation = "awgn"
metrics = ["psnr", "psnr-y", "ssim", "blur-effect"]
[[sets]]
name = "kodak24-crops"
task = "denoise"
folder = "crops"
degradations = [{ name = "gaussian-noise", sigma_255 = 25 }]
"""


def cut_images(folder: Path) -> None:
    """Writes the middle of each photograph."""
    for path in sorted((Path(os.environ["RESTOBENCH_DATA"]) / "sets" / "kodak24").glob("*.png")):
        with Image.open(path) as image:
            left, top = (image.width - SIDE) // 2, (image.height - SIDE) // 2
            image.crop((left, top, left + SIDE, top + SIDE)).save(folder / path.name)


def main(folder: Path) -> None:
    """Scores everything, and writes the record."""
    (folder / "crops").mkdir(parents=True)
    cut_images(folder / "crops")
    (folder / "crops.toml").write_text(BENCHMARK)
    benchmark = resolve_benchmark(str(folder / "crops.toml"))
    [degraded_set] = benchmark.sets
    samples = [degraded_set.sample(image) for image in degraded_set.ids()]
    built = {name: metrics.get(name)() for name in benchmark.metrics}

    def scores(text: str) -> dict[str, list[float]]:
        restorer = build_restorer(parse_restorer(text))
        columns: dict[str, list[float]] = {name: [] for name in built}
        for sample in samples:
            restored = restorer.restore(sample.degraded, degraded_set.conditions)
            rounded = (np.round(np.clip(restored, 0, 1) * 255) / 255).astype(np.float32)
            pair = (rounded, sample.reference)
            for name, metric in built.items():
                seen = prepare(*pair, metric.card, benchmark.evaluation, 1)
                columns[name].append(float(f"{metric(*seen).value:.6g}"))
        means = {name: round(float(np.mean(column)), 4) for name, column in columns.items()}
        print(text, means, flush=True)
        return columns

    pairs = [{"names": pair, "before": scores(pair[0]), "now": scores(pair[1])} for pair in PAIRS]
    record = {"pairs": pairs, "takes": [scores("altered:Unsteady") for _ in range(TAKES)]}
    text = json.dumps(record, separators=(",", ":"))
    RECORD.write_text(text.replace('"psnr"', '\n"psnr"') + "\n")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
    main(Path(tempfile.mkdtemp()))
