"""The restorers whose weights `restobench zoo get` fetches: gains on photographs, exact counts.

They take images of odd sizes.
"""

from __future__ import annotations

import numpy as np
import pytest

from harness.catalogue import find_set
from harness.images import to_luma
from harness.metrics.psnr import PSNRY
from harness.plugins.kinds import restorers
from harness.protocols import Conditions, Restorer
from harness.restoring.adaptation import restore_image

pytestmark = pytest.mark.zoo

ZOO = [name for name in restorers if restorers.get(name).card.weights]


@pytest.fixture(params=ZOO)
def restorer(request: pytest.FixtureRequest) -> Restorer:
    return build(str(request.param))


def build(name: str) -> Restorer:
    cls = restorers.get(name)
    if cls.missing() is not None:
        pytest.skip(str(cls.missing()))
    return cls()


def psnr_y(restorer: Restorer, set_name: str, photo: str = "coffee") -> float:
    degraded_set = find_set(set_name)
    sample = degraded_set.sample(photo)
    assert sample.reference is not None
    restored = restore_image(restorer, sample.degraded, degraded_set.conditions)
    return PSNRY()(to_luma(restored), to_luma(sample.reference)).value


@pytest.mark.parametrize(
    ("name", "set_name", "baseline", "margin"),
    [
        ("ffdnet", "photos-sigma25", "nl-means", 1.0),
        ("dat-light", "photos-x2", "bicubic", 1.0),
        ("dat-light", "photos-x4", "bicubic", 0.5),
        ("waifu2x-cunet", "photos-x2", "bicubic", 0.5),
        ("waifu2x-photo", "photos-x2", "bicubic", 0.5),
        ("waifu2x-cunet", "photos-q20", "identity", 0.3),
        ("span", "photos-x2", "bicubic", 1.0),
        ("span", "photos-x4", "bicubic", 0.5),
        # trained on drawings: worse than interpolation on photographs, by far where fed wrongly
        ("realcugan-se", "photos-x2", "bicubic", -2.5),
        ("realcugan-se", "photos-x3", "bicubic", -2.5),
        ("realcugan-se", "photos-x4", "bicubic", -2.5),
        ("realcugan-pro", "photos-x2", "bicubic", -2.5),
        ("realcugan-pro", "photos-x3", "bicubic", -2.5),
        ("realesrgan-animevideo", "photos-x2", "bicubic", -3.0),
        ("realesrgan-animevideo", "photos-x3", "bicubic", -3.0),
        ("realesrgan-animevideo", "photos-x4", "bicubic", -3.0),
    ],
)
def test_a_network_beats_the_baseline(
    name: str, set_name: str, baseline: str, margin: float
) -> None:
    # a network fed in the wrong range or channel order raises no error: it loses here
    assert psnr_y(build(name), set_name) > psnr_y(build(baseline), set_name) + margin


def test_realesrgan_is_sharper_than_bicubic_and_keeps_the_colours() -> None:
    degraded_set = find_set("photos-x4")
    sample = degraded_set.sample("coffee")
    assert sample.reference is not None
    sharp, soft = (
        restore_image(build(name), sample.degraded, degraded_set.conditions)
        for name in ("realesrgan-x4plus", "bicubic")
    )
    assert np.abs(np.diff(sharp, axis=2)).mean() > 1.1 * np.abs(np.diff(soft, axis=2)).mean()
    assert np.abs(sharp.mean((1, 2)) - sample.reference.mean((1, 2))).max() < 0.03


def test_odd_sizes(restorer: Restorer, generator: np.random.Generator) -> None:
    image = generator.random((3, 37, 53), dtype=np.float32)
    for scale in restorer.card.scales:
        conditions = Conditions(scale=scale, sigma_255=15, quality=40, cfa="RGGB")
        restored = restore_image(restorer, image, conditions)
        assert restored.shape == (3, 37 * scale, 53 * scale)
        assert np.isfinite(restored).all()


def test_the_card_names_licence_source_and_weights(restorer: Restorer) -> None:
    card = restorer.card
    assert card.licence
    assert card.source
    assert card.parameters
    assert card.weights
    assert all(len(weight.sha256) == 64 for weight in card.weights)
