"""The scorer with its shipped weights: properties that a user may rely on (docs/dri.md)."""

from __future__ import annotations

import numpy as np
import pytest
from torch import Tensor

from benchmarks.degradations.blur import GaussianBlur
from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.noise import GaussianNoiseClipped
from benchmarks.sources import Photos
from harness.dri.metric import TILE, Dri
from harness.images import Image, quantise
from harness.protocols import Degradation
from harness.resizing import imresize

PHOTOS = [name for name in Photos().ids() if name != "hubble"]  # the sky is no natural image


@pytest.fixture(scope="module")
def dri() -> Dri:
    return Dri()


def degrade(degradation: Degradation, name: str) -> Image:
    return quantise(degradation(Photos().read(name), np.random.default_rng(0)))


def test_deterministic(dri: Dri) -> None:
    image = Photos().read("coffee")
    assert dri(image) == dri(image.copy()) == Dri()(image)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(3, 1, 1), (3, 7, 300), (1, 32, 32), (3, 200, 201)])
def test_finite_for_constants_of_any_size(
    dri: Dri, value: float, shape: tuple[int, int, int]
) -> None:
    said = dri(np.full(shape, value, np.float32))
    assert 0 <= said.value <= 100
    assert said.spread is not None
    assert 0 < said.spread < 100


def test_a_grey_plane_scores_as_its_rgb(dri: Dri) -> None:
    plane = Photos().read("coffee")[:1]
    assert dri(plane).value == dri(plane.repeat(3, axis=0)).value


def test_large_images_are_scored_in_tiles(dri: Dri, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = Photos(192).read("coffee")
    large = np.tile(photo, (1, 5, 5))
    assert large.shape[1] > TILE
    seen: list[int] = []
    own = dri.network

    def network(images: Tensor) -> tuple[Tensor, Tensor]:
        seen.append(images.shape[2])
        return own(images)

    monkeypatch.setattr(dri, "network", network)
    said = dri(large)
    assert len(seen) == 4
    assert max(seen) <= TILE
    assert 0 < said.value < 100


LEVELS: dict[str, list[Degradation]] = {
    "noise": [GaussianNoiseClipped(sigma) for sigma in (10.0, 25.0, 50.0)],
    "blur": [GaussianBlur(sigma) for sigma in (1.0, 2.0, 4.0)],
    "jpeg": [Jpeg(quality) for quality in (40, 15, 5)],
}


@pytest.mark.parametrize("family", LEVELS)
def test_on_average_worse_is_worse(dri: Dri, family: str) -> None:
    clean = np.mean([dri(Photos().read(name)).value for name in PHOTOS])
    means = [
        np.mean([dri(degrade(level, name)).value for name in PHOTOS]) for level in LEVELS[family]
    ]
    assert [clean, *means] == sorted([clean, *means], reverse=True)


def test_what_nobody_sees_changes_little(dri: Dri) -> None:
    shifts, compressions = [], []
    for name in PHOTOS:
        photo = Photos(240).read(name)
        before = dri(photo[:, :-1, :-1]).value
        shifts.append(abs(dri(photo[:, 1:, 1:]).value - before))
        compressed = Jpeg(98)(photo, np.random.default_rng(0))
        compressions.append(abs(dri(compressed[:, :-1, :-1]).value - before))
    assert max(compressions) < 2, "JPEG of quality 98"
    assert np.mean(shifts) < 2, "a shift by one pixel; single images may move further (docs/dri.md)"


def test_sharp_enlargements_score_above_repeated_pixels(dri: Dri) -> None:
    gaps = []
    for name in PHOTOS:
        small = imresize(Photos().read(name), 1 / 4)
        nearest = small.repeat(4, axis=1).repeat(4, axis=2)
        gaps.append(dri(Photos().read(name)).value - dri(nearest).value)
    assert min(gaps) > 0
