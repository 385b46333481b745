"""A run of many restorers on many sets, with scores out of a generator and pictures of one set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from fabricated_run import references
from scipy.ndimage import gaussian_filter

from harness.cards import MetricCard
from harness.images import image_hash, quantise, write_image
from harness.results import (
    Cell,
    PlannedSet,
    Restored,
    Run,
    RunData,
    RunPlan,
    RunRestorer,
    SampleRecord,
    Score,
    Spent,
)

METRICS = {
    "psnr": MetricCard("psnr", True, True, unit="dB"),
    "ssim": MetricCard("ssim", True, True, bounds=(-1.0, 1.0)),
    "lpips": MetricCard("lpips", True, False, bounds=(0.0, 1.0)),
    "dists": MetricCard("dists", True, False, bounds=(0.0, 1.0)),
    "niqe": MetricCard("niqe", False, False, bounds=(0.0, 100.0)),
    "dri": MetricCard("dri", False, True, unit="points", preferred=True),
}
SHAPES = {
    "psnr": (29.0, 3.0, 2.0), "ssim": (0.82, 0.1, 0.04), "lpips": (0.32, -0.2, 0.05),
    "dists": (0.21, -0.1, 0.04), "niqe": (5.0, -2.0, 0.8), "dri": (55.0, 20.0, 6.0),
}  # fmt: skip
TASKS = ("denoise", "super-resolve", "dejpeg", "deblur")
LICENCES = ("MIT", "Apache-2.0", "CC-BY-NC-4.0", "")


def many(
    folder: Path, restorers: int = 100, sets: int = 20, images: int = 4, side: int = 128
) -> RunData:
    """A run of so many restorers, sets and images; pictures are of the first set's first two."""
    generator = np.random.default_rng(22)
    names = [f"network-{place:03d}-{'lsx'[place % 3]}" for place in range(restorers)]
    skills = dict(zip(names, generator.uniform(0, 1, restorers), strict=True))
    tastes = dict(zip(names, generator.uniform(-0.5, 0.5, restorers), strict=True))
    pictures = list(references(images, side).items())
    set_names = [f"photos-{TASKS[place % 4]}-{place:02d}" for place in range(sets)]
    scores, restored, samples = [], [], {}
    for set_name in set_names:
        for place, (image, reference) in enumerate(pictures):
            drawn = set_name == set_names[0] and place < 2
            noise = generator.normal(0, 0.1, reference.shape).astype(np.float32)
            degraded = np.clip(reference + noise, 0, 1)
            hashes = image_hash(degraded), image_hash(reference)
            samples[set_name, image] = SampleRecord(*hashes)
            if drawn:
                for kind, pixels in (("degraded", degraded), ("reference", reference)):
                    _write(folder / f"images/{set_name}/{image}-{kind}.png", pixels)
            hard = generator.normal()
            for number, name in enumerate(names):
                cell, path = Cell(name, set_name, image), f"restored/{name}/{set_name}/{image}.png"
                sha256 = f"{number:064x}"
                if drawn:
                    picture = _restore(degraded, skills[name], tastes[name])
                    _write(folder / path, picture)
                    sha256 = image_hash(quantise(picture))
                seconds = 0.01 * 300 ** skills[name] * generator.uniform(0.5, 2)
                spent = Spent(
                    seconds, 40 + 900 * skills[name], 20.0, precision="fp32", beside=0, threads=1,
                    height=side, width=side, flops=1e9 * 100 ** skills[name],
                )  # fmt: skip
                restored.append(Restored(cell, path, sha256, spent))
                for metric, (middle, gain, spread) in SHAPES.items():
                    tilt = tastes[name] * (1 if metric in ("psnr", "ssim") else -1)
                    value = middle + gain * (skills[name] + 0.3 * tilt + 0.3 * hard)
                    scores.append(Score(cell, metric, float(value + spread * generator.normal())))
    cards = {
        name: RunRestorer(
            name,
            licence=LICENCES[place % 4],
            parameters=int(1e4 * 3000 ** skills[name]),
            fingerprint=f"{place:016x}",
        )
        for place, name in enumerate(names)
    }
    planned = {
        name: PlannedSet(TASKS[place % 4], images=images, fingerprint=f"{place:016x}")
        for place, name in enumerate(set_names)
    }
    evaluation = {"name": "rgb", "crop_border": 0, "hash": "a1b2c3d4e5f6"}
    run = Run(
        id="22" * 6,
        started="2025-01-31T12:00:00+00:00",
        plan=RunPlan("many", "", evaluation, planned, tuple(METRICS)),
        restorers=cards,
        metrics=METRICS,
        environment={"python": "3.11"},
        status="finished",
    )
    return RunData(run, tuple(scores), (), tuple(restored), (), samples)


def _restore(
    degraded: npt.NDArray[np.float32], skill: float, taste: float
) -> npt.NDArray[np.float32]:
    """Smoothed, more or less."""
    smooth = gaussian_filter(degraded, (0, 0.4 + skill, 0.4 + skill - 0.3 * taste))
    return np.clip(smooth, 0, 1).astype(np.float32)


def _write(path: Path, pixels: npt.NDArray[np.float32]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, pixels)
