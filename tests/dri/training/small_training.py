"""A training that takes seconds: its configurations, degradations and restorers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.noise import GaussianNoiseClipped
from benchmarks.degradations.resize import MatlabBicubic
from harness.dri.lessons.config import OpinionConfig
from harness.dri.network.config import NetworkConfig
from harness.dri.network.network import DRINetwork
from harness.dri.training.config import DataConfig, TrainingConfig, VersionConfig
from harness.dri.training.data import LabelledDegradation, SyntheticPairs
from harness.dri.training.versions import VersionMaker
from harness.images import Image
from harness.metrics.psnr import PSNR
from harness.metrics.ssim import SSIM
from harness.plugins.kinds import degradations
from harness.protocols import Restorer, Task
from restorers.bilateral import Bilateral
from restorers.interpolation import Bicubic
from restorers.tv import TotalVariation

SMALL = NetworkConfig(dimension=8, types=4, restoration_width=4, heads=2)
CONFIG = TrainingConfig(
    SMALL,
    steps=40,
    contents=2,
    patch=48,
    head_epochs=4,
    epochs=3,
    batch=4,
    crop=12,
    versions_ranked=4,
    ablation_epochs=1,
    soup=2,
)
DEGRADATIONS = [
    LabelledDegradation(1, 0.5, GaussianNoiseClipped(25.0)),
    LabelledDegradation(2, 1.0, Jpeg(10)),
    LabelledDegradation(3, 0.5, MatlabBicubic(2)),
]
VERSIONS = VersionConfig(
    metrics=("psnr", "ssim"),
    enlargers=("bicubic",),
    denoisers=("tv",),
    artifact_removers=("bilateral",),
    scales=(2,),
    contents=2,
    size=96,
    degraded=1,
    mixed=1,
    enlarged=2,
    denoised=1,
    decompressed=1,
    second_order=1,
)
OPINIONS = OpinionConfig("mine", ".", noise=2)
DATA = DataConfig(
    "clean", (OPINIONS,), (), VERSIONS, splits=1, scene_folds=2, folds=1, ablation_splits=1
)


def recompress(image: Image) -> Image:
    return Jpeg(98)(image, np.random.default_rng(0))


class StoppedError(Exception):
    """Raised in the place of a power cut."""


def stop_at(text: str) -> Callable[[str], None]:
    def say(line: str) -> None:
        if text in line:
            raise StoppedError

    return say


def version_maker(pairs: SyntheticPairs) -> VersionMaker:
    restorers: dict[Task, list[Restorer]] = {
        Task.SUPER_RESOLVE: [Bicubic()],
        Task.DENOISE: [TotalVariation()],
        Task.DEJPEG: [Bilateral()],
    }

    return VersionMaker(
        pairs,
        restorers,
        lambda name, **parameters: degradations.get(name)(**parameters),
        [PSNR(), SSIM()],
        VERSIONS,
    )


def fresh() -> DRINetwork:
    torch.manual_seed(0)
    return DRINetwork(SMALL)


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)
