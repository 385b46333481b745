"""A run as the store would hand it over: packaged photographs, degraded, restored and scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter, zoom
from skimage import data as photos
from skimage.filters import gaussian
from skimage.measure import blur_effect
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.restoration import denoise_tv_chambolle, denoise_wavelet

from harness.cards import MetricCard
from harness.images import from_uint8, image_hash, quantise, write_image
from harness.results import (
    Cell,
    Failure,
    FailureKind,
    PlannedSet,
    Restored,
    Run,
    RunData,
    RunPlan,
    RunRestorer,
    SampleRecord,
    Score,
    Skipped,
    Spent,
)

Pixels = npt.NDArray[np.float32]

METRICS = {
    "psnr": MetricCard("psnr", True, True, unit="dB"),
    "ssim": MetricCard("ssim", True, True, bounds=(-1.0, 1.0)),
    "blur-effect": MetricCard("blur-effect", False, False, bounds=(0.0, 1.0)),
}


def _bicubic(image: Pixels) -> Any:
    return zoom(image, (1, 2, 2), order=3, grid_mode=True, mode="nearest")


DENOISERS: dict[str, Callable[[Pixels], Any]] = {
    "identity": lambda image: image,
    "gaussian": lambda image: gaussian(image, 0.9, channel_axis=0),
    "median": lambda image: median_filter(image, (1, 3, 3)),
    "tv": lambda image: denoise_tv_chambolle(image, 0.09, channel_axis=0),
    "tv-strong": lambda image: denoise_tv_chambolle(image, 0.2, channel_axis=0),
    "wavelet": lambda image: denoise_wavelet(image, sigma=0.1, channel_axis=0, rescale_sigma=True),
}
UPSCALERS: dict[str, Callable[[Pixels], Any]] = {
    "nearest": lambda image: image.repeat(2, 1).repeat(2, 2),
    "bicubic": _bicubic,
    "sharpened": lambda image: _sharpen(_bicubic(image)),
}
LICENCES = {"wavelet": "CC-BY-NC-4.0", "sharpened": "", "tv": "BSD-3-Clause"}


def _sharpen(image: Pixels) -> Any:
    return image + 1.5 * (image - gaussian(image, 1.2, channel_axis=0))


def references(count: int, side: int = 160) -> dict[str, Pixels]:
    """Crops of packaged photographs, (3, side, side)."""
    found: dict[str, Pixels] = {}
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        photo = getattr(photos, name)()
        for top in range(20, photo.shape[0] - side, side):
            for left in range(30, photo.shape[1] - side, side):
                crop = photo[top : top + side, left : left + side]
                found[f"{name}-{top}-{left}"] = from_uint8(crop)
    return dict(sorted(found.items(), key=lambda item: item[0][::-1])[:count])


def fabricate(folder: Path, images: int = 26, side: int = 160) -> RunData:
    """Writes the images of a run into a folder and returns its rows.

    Two sets: `photos-sigma25` with up to `images` images, and `photos-x2` with 8. `median` fails on
    the rockets, `broken` on everything; upscalers skip the noisy set, and denoisers the small one.
    """
    maker = _Maker(folder)
    generator = np.random.default_rng(3)
    for name, reference in references(images, side).items():
        noisy = reference + generator.normal(0, 25 / 255, reference.shape).astype(np.float32)
        maker.sample("photos-sigma25", name, noisy, reference, DENOISERS)
    for name, reference in references(8, side).items():
        small = reference.reshape(3, side // 2, 2, side // 2, 2).mean(axis=(2, 4))
        maker.sample("photos-x2", name, small, reference, UPSCALERS)
    return maker.finish()


class _Maker:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scores: list[Score] = []
        self.failures: list[Failure] = []
        self.restored: list[Restored] = []
        self.samples: dict[tuple[str, str], SampleRecord] = {}

    def sample(
        self,
        set_name: str,
        image: str,
        degraded: Pixels,
        reference: Pixels,
        restorers: dict[str, Callable[[Pixels], Any]],
    ) -> None:
        for kind, pixels in (("degraded", degraded), ("reference", reference)):
            self._write(f"images/{set_name}/{image}-{kind}.png", pixels)
        hashes = image_hash(degraded.astype(np.float32)), image_hash(reference)
        self.samples[set_name, image] = SampleRecord(*hashes)
        for name, restore in restorers.items():
            cell = Cell(name, set_name, image)
            if name == "median" and image.startswith("rocket"):
                slow = "took longer than 600 s; --timeout raises that"
                self.failures.append(Failure(cell, FailureKind.TIMEOUT, slow))
                continue
            start = perf_counter()
            restored = np.clip(restore(degraded), 0, 1).astype(np.float32)
            memory = 12.0 + 8 * len(name)
            height, width = degraded.shape[1:]
            how = {"precision": "fp32", "beside": 0, "threads": 1, "height": height, "width": width}
            spent = Spent(perf_counter() - start, memory, memory / 2, **how)
            path = f"restored/{name}/{set_name}/{image}.png"
            self._write(path, restored)
            self.restored.append(Restored(cell, path, image_hash(quantise(restored)), spent))
            self._score(cell, restored, reference)
        cell, mismatch = Cell("broken", set_name, image), "size mismatch for conv.weight"
        self.failures.append(Failure(cell, FailureKind.RAISED, f"RuntimeError: {mismatch}"))

    def _write(self, path: str, image: Pixels) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        write_image(self.folder / path, image)

    def _score(self, cell: Cell, restored: Pixels, reference: Pixels) -> None:
        values = {
            "psnr": peak_signal_noise_ratio(reference, restored, data_range=1.0),
            "ssim": structural_similarity(reference, restored, data_range=1.0, channel_axis=0),
            "blur-effect": blur_effect(restored, channel_axis=0),
        }
        self.scores += [Score(cell, metric, float(value)) for metric, value in values.items()]

    def finish(self) -> RunData:
        sets = {
            "photos-sigma25": PlannedSet("denoise", images=26, fingerprint="9f2c41d07be2a310"),
            "photos-x2": PlannedSet("super-resolve", images=8, fingerprint="51b07c2e99d1f4aa"),
        }
        task, scale = "does not super-resolve (its tasks: denoise)", "has no x1 (its scales: x2)"
        skipped = [Skipped(name, "photos-x2", task) for name in DENOISERS]
        skipped += [Skipped(name, "photos-sigma25", scale) for name in UPSCALERS]
        cards = {
            name: RunRestorer(
                name,
                licence=LICENCES.get(name, "Apache-2.0"),
                parameters=0 if name != "wavelet" else 852_108,
                paper="Chambolle, JMIV 2004" if name.startswith("tv") else "",
                source="scikit-image",
                fingerprint=f"{index:016x}",
            )
            for index, name in enumerate([*DENOISERS, *UPSCALERS, "broken"])
        }
        evaluation = {
            "name": "rgb",
            "crop_border": 0,
            "luma": "float",
            "quantise": True,
            "hash": "a1b2c3d4e5f6",
        }
        run = Run(
            id="0a1b2c3d4e5f",
            started="2025-01-31T12:00:00+00:00",
            plan=RunPlan("fabricated", "", evaluation, sets, tuple(METRICS)),
            restorers=cards,
            metrics=METRICS,
            environment={
                "python": "3.11",
                "device": "cpu",
                "packages": {"numpy": np.__version__},
                "git": None,
            },
            status="finished",
        )
        rows = tuple(self.scores), tuple(self.failures), tuple(self.restored), tuple(skipped)
        return RunData(run, *rows, self.samples)


def hostile(data: RunData, name: str, path: str) -> RunData:
    """The same run with `name` in every name and message, and `path` for the images' paths."""

    def cell(old: Cell) -> Cell:
        restorer = name if old.restorer == "wavelet" else old.restorer
        return Cell(restorer, old.set + name, name + old.image)

    run = data.run
    cards = {
        name if key == "wavelet" else key: replace(card, licence=name, paper=name, source=name)
        for key, card in run.restorers.items()
    }
    plan = RunPlan(
        benchmark=name,
        sets={
            key + name: replace(value, task=name, fingerprint=name)
            for key, value in run.plan.sets.items()
        },
        metrics=tuple(metric + name for metric in run.metrics),
        evaluation={"name": name, "hash": name, name: name},
    )
    return RunData(
        run=replace(
            run,
            id=name,
            started=name,
            restorers=cards,
            environment={name: {name: name}},
            plan=plan,
            metrics={
                key + name: replace(card, name=key + name, unit=name, source=name)
                for key, card in run.metrics.items()
            },
        ),
        scores=tuple(
            replace(item, cell=cell(item.cell), metric=item.metric + name) for item in data.scores
        ),
        failures=tuple(replace(item, cell=cell(item.cell), message=name) for item in data.failures),
        restored=tuple(replace(item, cell=cell(item.cell), path=path) for item in data.restored),
        skipped=(Skipped(name, "photos-x2" + name, name),),
        samples={
            (set_name + name, name + image): replace(sample, degraded_sha256=path)
            for (set_name, image), sample in data.samples.items()
        },
    )
