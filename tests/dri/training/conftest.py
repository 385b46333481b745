"""What tests of the training share: photographs, their versions, a network, a MOS folder."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.degradations.noise import GaussianNoiseClipped
from benchmarks.sources import Photos
from harness.dri.network.network import DRINetwork
from harness.dri.training.data import SyntheticPairs
from harness.dri.training.stage1_representation import train_representation
from harness.dri.training.version_files import make_versions
from harness.images import write_image

sys.path.insert(0, str(Path(__file__).parent))

from small_training import CONFIG, DEGRADATIONS, fresh, version_maker


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> SyntheticPairs:
    folder = tmp_path_factory.mktemp("clean")
    for name in ("astronaut", "coffee"):
        write_image(folder / f"{name}.png", Photos(256).read(name))
    return SyntheticPairs(folder, DEGRADATIONS, seed=0)


@pytest.fixture(scope="session")
def trained(pairs: SyntheticPairs, tmp_path_factory: pytest.TempPathFactory) -> DRINetwork:
    network = fresh()
    train_representation(network, lambda: pairs, CONFIG, tmp_path_factory.mktemp("whole"), str)
    return network


@pytest.fixture
def mos_folder(tmp_path: Path) -> Path:
    lines = ["image,mos"]
    for place, sigma_255 in enumerate((5, 20, 40, 80)):
        for name in ("chelsea", "flower"):
            noise = GaussianNoiseClipped(float(sigma_255))
            noisy = noise(Photos(128).read(name), np.random.default_rng(0))
            write_image(tmp_path / f"{name}{place}.png", noisy)
            lines.append(f"{name}{place}.png,{90 - 20 * place}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
def versions(pairs: SyntheticPairs, tmp_path: Path) -> list[Path]:
    return make_versions(version_maker(pairs), tmp_path / "versions", 2, str)
