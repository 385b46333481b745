"""Options of any restorer: the ensemble is equivariant; 16 bits that lose the image become 32."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from harness.conditions import Conditions
from harness.errors import InputError
from harness.plugins.specification import parse_restorer
from harness.protocols import Restorer, RestorerCard
from harness.recording import recording
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer
from harness.restoring.variants import ReducedPrecision, SelfEnsemble
from harness.workers.costs import count_flops


class Shift(Restorer):
    """Moves the image by a pixel: nothing is further from being equivariant."""

    card = RestorerCard("shift")

    def restore(self, image: Any, conditions: Conditions) -> Any:
        if conditions.mask is not None:
            assert (conditions.mask == (image[0] == 0)).all()
        return np.roll(image, 1, axis=2)


class Network(Restorer):
    """Two convolutions; `weight` sets how large the values in between become."""

    def __init__(self, weight: float = 0.3) -> None:
        torch.manual_seed(0)
        self.card = RestorerCard("network", channels=(3,))
        there, back = torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.Conv2d(8, 3, 3, padding=1)
        self.network = torch.nn.Sequential(there, back)
        with torch.no_grad():
            for parameter in self.network.parameters():
                parameter.mul_(weight)

    def restore(self, image: Any, conditions: Conditions) -> Any:
        with torch.inference_mode():
            return self.network(torch.from_numpy(image)[None])[0].numpy()


@pytest.fixture
def image(generator: np.random.Generator) -> Any:
    return generator.random((3, 12, 16), dtype=np.float32)


def test_the_ensemble_turns_with_the_image(image: Any) -> None:
    ensemble = SelfEnsemble(Shift())
    restored = ensemble.restore(image, Conditions())
    turned = ensemble.restore(np.rot90(image, axes=(1, 2)).copy(), Conditions())
    assert np.allclose(np.rot90(restored, axes=(1, 2)), turned, atol=1e-6)
    assert not np.allclose(restored, image)


def test_the_ensemble_of_what_turns_with_the_image_is_the_thing_itself(image: Any) -> None:
    texts = ("bicubic", "bicubic:ensemble=x8")
    plain, ensemble = (build_restorer(parse_restorer(text)) for text in texts)
    once, eight = (restore_image(item, image, Conditions(scale=2)) for item in (plain, ensemble))
    assert np.allclose(once, eight, atol=1e-5)


def test_masks_turn_with_the_image_and_mosaics_do_not(image: Any) -> None:
    mask = image[0] > 0.7
    holed = np.where(mask, 0, image).astype(np.float32)
    SelfEnsemble(Shift()).restore(holed, Conditions(mask=mask))
    with pytest.raises(InputError, match="ensemble=x8"):
        SelfEnsemble(Shift()).restore(image, Conditions(cfa="RGGB"))


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_fewer_bits_are_used_and_recorded(image: Any, precision: str) -> None:
    network = Network()
    with recording() as recorded:
        restored = ReducedPrecision(network, precision, "cpu").restore(image, Conditions())
    exact = network.restore(image, Conditions())
    assert restored.dtype == np.float32
    assert 0 < np.abs(restored - exact).max() < 0.02
    assert (recorded.precision, recorded.fell_back) == (precision, False)


@pytest.mark.parametrize("weight", [1e5, 1e-9])
def test_what_overflows_or_is_black_falls_back_and_says_so(image: Any, weight: float) -> None:
    network = Network(weight)  # 65504 is the largest half, 6e-8 the smallest
    with recording() as recorded:
        restored = ReducedPrecision(network, "fp16", "cpu").restore(image, Conditions())
    assert np.array_equal(restored, network.restore(image, Conditions()))
    assert (recorded.precision, recorded.fell_back) == ("fp32", True)


def test_operations_are_counted_once_with_options(image: Any) -> None:
    plain = Network()
    counts = [
        count_flops(lambda item=item: item.restore(image, Conditions()))  # type: ignore[misc]
        for item in (plain, ReducedPrecision(plain, "fp16", "cpu"), SelfEnsemble(plain))
    ]
    expected = 2 * 2 * 3 * 8 * 9 * 12 * 16
    assert counts == [expected, expected, 8 * expected]


def test_options_of_a_specification() -> None:
    spec = parse_restorer("nl-means:strength=1.2,ensemble=x8,precision=bf16")
    assert spec.options() == {"ensemble": "x8", "precision": "bf16"}
    with pytest.raises(InputError, match="precision is 'fp8'; expected one of fp32, fp16, bf16"):
        parse_restorer("nl-means:precision=fp8")
    with pytest.raises(InputError, match="no effect on nl-means"):
        restorer = build_restorer(parse_restorer("nl-means:precision=fp16"))
        restorer.restore(np.ones((3, 9, 9), np.float32), Conditions())
