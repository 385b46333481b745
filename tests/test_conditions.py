"""What is known of a degradation reaches the restorer, padded, cropped, hashed with the image."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from harness.conditions import Conditions
from harness.errors import InputError
from harness.protocols import RestorerCard
from harness.restoring.adaptation import restore_image


def test_what_two_degradations_know_together() -> None:
    holes, more = np.eye(4, dtype=np.bool_), np.eye(4, k=1, dtype=np.bool_)
    kernel = ((0.5, 0.0, 0.5),)
    first = Conditions(scale=2, sigma_255=3.0, kernel=kernel, mask=holes)
    second = Conditions(scale=3, sigma_255=4.0, quality=50, kernel=kernel, mask=more)
    both = first.then(second)
    assert (both.scale, both.sigma_255, both.quality) == (6, 5.0, 50)
    assert both.kernel == ((0.25, 0.0, 0.5, 0.0, 0.25),)
    assert both.mask is not None
    assert int(both.mask.sum()) == 7
    assert first.then(Conditions()) == first == Conditions().then(first)


def test_the_plan_of_a_run_holds_them_as_json() -> None:
    known = Conditions(kernel=((0.0, 1.0, 0.0),), cfa="RGGB", per_image=("mask",)).as_json()
    assert json.loads(json.dumps(known)) == known
    assert Conditions(sigma_255=5.0).as_json() == {"scale": 1, "sigma_255": 5.0, "quality": None}


@pytest.mark.parametrize(
    "wrong", [{"cfa": "RGB"}, {"kernel": ((1.0, 0.0),)}, {"kernel": ((1.0,), (0.0,))}]
)
def test_nonsense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        Conditions(**wrong)


class _Looks:
    """Keeps what it was given."""

    card = RestorerCard("looks", size_multiple=8, channels=(1, 3))

    def restore(self, image: Any, conditions: Conditions) -> Any:
        self.seen = image, conditions
        return image


def test_the_mask_is_padded_with_the_image() -> None:
    image = np.random.default_rng(0).random((3, 10, 13), dtype=np.float32)
    mask = image[0] > 0.5
    looks: Any = _Looks()
    restored = restore_image(looks, np.where(mask, np.float32(0), image), Conditions(mask=mask))
    assert restored.shape == image.shape
    padded, known = looks.seen
    assert padded.shape == (3, 16, 16)
    assert np.array_equal(known.mask, (padded == 0).all(axis=0))


def test_a_mosaic_is_padded_in_phase() -> None:
    mosaic = np.zeros((3, 10, 13), np.float32)
    mosaic[0, ::2, ::2] = 1
    looks: Any = _Looks()
    restore_image(looks, mosaic, Conditions(cfa="RGGB"))
    padded, _ = looks.seen
    assert (padded[0, ::2, ::2] == 1).all()
    assert padded.sum() == 64
