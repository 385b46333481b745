"""The probe tells a network that is fed in the wrong range, and leaves the others alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from harness.errors import InputError
from harness.images import Image
from harness.plugins.kinds import resolve_benchmark
from harness.protocols import Conditions, Restorer, RestorerCard, Task
from harness.resizing import imresize
from harness.restoring.plausibility import RANGES
from harness.restoring.probing import probe_photo, wrong_range
from harness.running.plan import make_plan


class Trained(Restorer):
    """A stand-in for a network: it knows 32 levels of the range it was trained in.

    Outside of that range it knows nothing.
    """

    def __init__(self, trained: tuple[float, float], **card: object) -> None:
        self.trained = trained
        card = {"tasks": (Task.SUPER_RESOLVE,), "scales": (2,), "parameters": 1, **card}
        self.card = RestorerCard("trained", **card)  # type: ignore[arg-type]

    def restore(self, image: Image, conditions: Conditions) -> Image:
        low, high = self.trained
        level = np.rint((np.clip(image, low, high) - low) / (high - low) * 31)
        known = (level / 31 * (high - low) + low).astype(np.float32)
        return imresize(known, conditions.scale, rounding="none")


@pytest.mark.parametrize(
    ("trained", "fed"),
    # no probe can tell a network of -1..1 that is fed 0..1: it sees a pale picture, which it could
    # have been trained on
    [(trained, fed) for trained in RANGES for fed in RANGES if (trained, fed) != ("-1..1", "1")],
)
def test_the_right_range_is_named(trained: str, fed: str) -> None:
    message = wrong_range(Trained(RANGES[trained], value_range=RANGES[fed]))
    assert message is None if fed == trained else f"set range={trained}" in str(message)


@pytest.mark.parametrize(
    "card",
    [{"tasks": (Task.LOW_LIGHT,), "scales": (1,)}, {"parameters": 0}],
    ids=["changes the picture", "no network"],
)
def test_what_the_probe_cannot_judge(card: dict[str, object]) -> None:
    assert wrong_range(Trained((0.0, 255.0), **card)) is None


def test_a_denoiser_that_smooths_is_no_network_in_the_wrong_range() -> None:
    class Smooths(Restorer):
        card = RestorerCard("smooths", tasks=(Task.DENOISE,), parameters=1)

        def restore(self, image: Image, conditions: Conditions) -> Image:
            # in a larger range it would do nothing, and keep more
            small = image.max() - image.min() <= 1
            return gaussian_filter(image, (0, 0.7, 0.7)).astype(np.float32) if small else image

    assert wrong_range(Smooths()) is None


def test_a_restorer_that_raises_is_left_to_others() -> None:
    class Raises(Trained):
        def restore(self, image: Image, conditions: Conditions) -> Image:
            raise RuntimeError("no")

    assert wrong_range(Raises((0.0, 1.0))) is None


def test_the_restorer_is_left_as_it_was() -> None:
    restorer = Trained((0.0, 255.0))
    card = restorer.card
    assert wrong_range(restorer) is not None
    assert restorer.card is card
    assert probe_photo().shape == (3, 48, 48)


def test_a_run_refuses_a_network_in_the_wrong_range_and_says_what_to_set(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Hardtanh(0.0, 255.0), nn.Conv2d(3, 3, 1, groups=3, bias=False))
    nn.init.ones_(network[1].weight)  # right in any range that holds nothing negative
    torch.jit.script(network).save(str(tmp_path / "clamps.ts"))
    options = {"set_names": ["photos-sigma25"], "limit": 1}
    benchmark, clamps = resolve_benchmark("quickstart"), f"{tmp_path / 'clamps.ts'}:range=-1..1"
    message = r"clamps is fed in the wrong range: .*set range=1 .* or probe=false"
    with pytest.raises(InputError, match=message):
        make_plan(benchmark, [clamps], **options)
    plan = make_plan(benchmark, [f"{clamps},probe=false"], **options)
    assert plan.cells() == 1
