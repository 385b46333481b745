"""Versions of a content."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.degradations.compression import Jpeg
from benchmarks.sources import Photos
from harness.dri.training.config import VersionConfig
from harness.dri.training.data import LabelledDegradation, SyntheticPairs
from harness.dri.training.versions import Version, VersionMaker, sharpen
from harness.images import Image, write_image
from harness.plugins.kinds import degradations
from harness.protocols import Conditions, Restorer, RestorerCard, Task
from harness.resizing import imresize


def test_sharpening_overshoots_at_edges_and_leaves_flat_parts() -> None:
    image = np.full((3, 16, 16), 0.4, np.float32)
    image[:, :, 8:] = 0.6
    sharp = sharpen(image, 2)
    assert sharp.min() < 0.35
    assert sharp.max() > 0.65
    assert np.allclose(sharp[:, :, 0], 0.4)
    photo = Photos(64).read("coffee")
    assert np.array_equal(sharpen(photo, 0), photo)


class Upscaler(Restorer):
    """Bicubic, by its own scales only; remembers what it was asked for."""

    card = RestorerCard(name="upscaler", tasks=(Task.SUPER_RESOLVE,), scales=(2, 4))

    def __init__(self) -> None:
        self.asked: list[int] = []

    def restore(self, image: Image, conditions: Conditions) -> Image:
        self.asked.append(int(conditions.scale or 0))
        return imresize(image, self.asked[-1])


@pytest.fixture(scope="module")
def enlarged(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Version], list[int]]:
    """Versions of one photograph by an `Upscaler`, and the factors that it was asked for."""
    folder = tmp_path_factory.mktemp("clean")
    write_image(folder / "coffee.png", Photos(128).read("coffee"))
    pairs = SyntheticPairs(folder, [LabelledDegradation(1, 1.0, Jpeg(10))], seed=0)
    config = VersionConfig(
        (),
        (),
        (),
        (),
        scales=(2, 3, 4, 6, 8),
        size=96,
        degraded=0,
        mixed=0,
        enlarged=60,
        denoised=0,
        decompressed=0,
        second_order=12,
        spoiled=0,
        sharpened=0,
        compressed=0,
    )
    restorer = Upscaler()
    maker = VersionMaker(
        pairs,
        {Task.SUPER_RESOLVE: [restorer]},
        lambda name, **known: degradations.get(name)(**known),
        [],
        config,
    )
    return maker.make(0), restorer.asked


def scales_of(versions: list[Version]) -> set[str]:
    return {
        version.kind.split()[1] for version in versions if version.kind.startswith("super-resolve")
    }


def test_every_version_has_the_size_of_its_reference(
    enlarged: tuple[list[Version], list[int]],
) -> None:
    versions, _ = enlarged
    assert len(versions) == 1 + 60 + 12
    assert {version.image.shape for version in versions} == {(3, 96, 96)}


def test_a_restorer_is_asked_for_its_own_scales_only(
    enlarged: tuple[list[Version], list[int]],
) -> None:
    versions, asked = enlarged
    # x6 is x2 and then bicubic, x8 is x4 and then x2; x3 is out of reach
    assert scales_of(versions) == {"x2", "x4", "x6", "x8"}
    assert set(asked) == {2, 4}


def test_second_order_degradations_are_enlarged_by_restorers(
    enlarged: tuple[list[Version], list[int]],
) -> None:
    kinds = {version.kind for version in enlarged[0] if version.kind.startswith("real-esrgan")}
    assert kinds == {
        "real-esrgan",
        *(f"real-esrgan + super-resolve x{scale} upscaler" for scale in (2, 4)),
    }
