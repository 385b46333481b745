"""More properties of the scorer than `test_metric.py` has, for users to rely on (docs/dri.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.kadid import KADID, Distortion
from benchmarks.sources import Photos
from harness.dri.metric import TILE, Dri
from harness.dri.network.backbone import cut, fit_size
from harness.images import Image, quantise, read_image

CONTENTS = ("coffee", "chelsea", "china", "flower")
SIDE = 160
STRENGTHS = {"mean-shift": ((1,), (2, 3), (4, 5))}
"""Levels of one strength are taken together: those of mean shift go up and down by turns."""

WRONG = {"colour-saturation-1": "docs/dri.md, Limits: weak colours of the wrong hue above grey"}
"""What is known to be wrong: whoever mends it takes it out here and there."""


@pytest.fixture(scope="module")
def dri() -> Dri:
    return Dri()


@torch.inference_mode()
def test_a_score_does_not_depend_on_the_batch(dri: Dri) -> None:
    photos = [torch.from_numpy(np.ascontiguousarray(Photos(SIDE).read(name))) for name in CONTENTS]
    together, _ = dri.network(fit_size(torch.stack(photos)))
    alone = [float(dri.network(fit_size(photo[None]))[0]) for photo in photos]
    assert together.tolist() == pytest.approx(alone, abs=0.01)


def test_alpha_is_no_part_of_the_image(dri: Dri, tmp_path: Path) -> None:
    photo = Photos(SIDE).read("coffee")
    pixels = np.rint(photo.transpose(1, 2, 0) * 255).astype(np.uint8)
    alpha = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 1), dtype=np.uint8)
    PillowImage.fromarray(np.concatenate([pixels, alpha], axis=2)).save(tmp_path / "alpha.png")
    assert dri(read_image(tmp_path / "alpha.png")) == dri(photo)


@pytest.mark.parametrize("name", CONTENTS)
def test_a_tiny_photograph_has_a_score(dri: Dri, name: str) -> None:
    said = dri(Photos(32).read(name))
    assert 0 <= said.value <= 100
    assert said.spread is not None
    assert 0 < said.spread < 100


def test_8k_is_covered_by_tiles_without_copies() -> None:
    image = torch.empty(1, 3, 4320, 7680)  # virtual: no page of it is touched
    parts = cut(image, TILE)
    assert sum(part.shape[2] * part.shape[3] for part in parts) == 4320 * 7680
    assert max(max(part.shape[2:]) for part in parts) <= TILE
    places = {part.untyped_storage().data_ptr() for part in parts}
    assert places == {image.untyped_storage().data_ptr()}


def test_an_image_as_wide_as_8k_has_the_score_of_its_content(dri: Dri) -> None:
    photo = Photos(96).read("coffee")
    wide = dri(np.tile(photo, (1, 1, 80)))
    assert wide.value == pytest.approx(dri(np.tile(photo, (1, 1, 8))).value, abs=2)


def damage(distortion: Distortion, level: int, name: str) -> Image:
    return quantise(distortion.build(level)(Photos(SIDE).read(name), np.random.default_rng(0)))


@pytest.mark.parametrize(
    "distortion",
    [
        pytest.param(item, marks=pytest.mark.xfail(strict=True, reason=WRONG[item.type]))
        if item.type in WRONG
        else item
        for item in KADID
    ],
    ids=lambda item: item.type,
)
def test_on_average_a_stronger_distortion_is_worse(dri: Dri, distortion: Distortion) -> None:
    strengths = STRENGTHS.get(distortion.type, ((1,), (2,), (3,), (4,), (5,)))

    def mean(levels: tuple[int, ...]) -> np.floating:
        images = [damage(distortion, level, name) for level in levels for name in CONTENTS]
        return np.mean([dri(image).value for image in images])

    means = [mean(levels) for levels in strengths]
    assert means[-1] < means[0]
    assert max(np.diff(means)) < 2, f"a step up, and the mean rises by what one may see: {means}"


@pytest.mark.parametrize("name", [name for name in Photos().ids() if name != "hubble"])
def test_jpeg_of_quality_98_is_not_seen(dri: Dri, name: str) -> None:
    photo = Photos(240).read(name)
    assert abs(dri(Jpeg(98)(photo, np.random.default_rng(0))).value - dri(photo).value) < 2
