"""A batch through a restorer: what each image is given and gets back is what it would be alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from harness.conditions import Conditions
from harness.errors import RestorationError
from harness.protocols import BatchRestorer, Restorer, RestorerCard
from harness.restoring.adaptation import AloneError, restore_image, restore_images
from harness.restoring.measuring import TOLERANCE, restore_measured
from harness.restoring.variants import with_options
from harness.restoring.wrapping import Feeding, as_restorer
from harness.results import Spent
from harness.tiling import tile


class Network(BatchRestorer):
    """Two convolutions, and as much brighter as the noise is strong; a mask is filled with grey."""

    def __init__(self, **card: Any) -> None:
        torch.manual_seed(0)
        self.card = RestorerCard("network", **{"channels": (3,), **card})
        planes = self.card.channels[0]
        layers = torch.nn.Conv2d(planes, 8, 3, padding=1), torch.nn.Conv2d(8, planes, 3, padding=1)
        self.network = torch.nn.Sequential(*layers)

    def restore(self, image: Any, conditions: Conditions) -> Any:
        return self.restore_batch(image[None], [conditions])[0]

    def restore_batch(self, images: Any, conditions: Sequence[Conditions]) -> Any:
        with torch.inference_mode():
            found = images + 0.1 * self.network(torch.from_numpy(images)).numpy()
        for one, known in zip(found, conditions, strict=True):
            one += (known.sigma_255 or 0) / 500
            if known.mask is not None:
                one[:, known.mask] = 0.5
        return found


def images(count: int = 3, planes: int = 3) -> list[Any]:
    from benchmarks.sources import Photos

    names = Photos().ids()[:count]
    return [np.ascontiguousarray(Photos().read(name)[:planes, :37, :50]) for name in names]


@pytest.mark.parametrize(
    ("planes", "card"),
    [
        (3, {}),
        (1, {}),
        (3, {"channels": (1,)}),
        (3, {"size_multiple": 8, "size_minimum": 64}),
        (3, {"value_range": (0, 255), "channel_order": "bgr"}),
    ],
    ids=["colour", "grey for colour", "colour for grey", "padded", "bgr to 255"],
)
def test_each_is_restored_as_alone(planes: int, card: dict[str, Any]) -> None:
    restorer, given = Network(**card), images(planes=planes)
    known = [Conditions(sigma_255=level) for level in (5.0, 15.0, 25.0)]
    mask = np.zeros((37, 50), bool)
    mask[3:9, 30:] = True
    known[1] = replace(known[1], mask=mask)
    together = restore_images(restorer, given, known)
    alone = [restore_image(restorer, *pair) for pair in zip(given, known, strict=True)]
    assert [one.shape for one in together] == [one.shape for one in alone]
    assert max(float(np.abs(a - b).max()) for a, b in zip(together, alone, strict=True)) < 1e-5
    assert np.ptp([one.mean() for one in together]) > 0.02, "their levels differ"


@pytest.mark.parametrize("options", [{"ensemble": "x8"}, {"precision": "bf16"}])
def test_options_go_with_a_batch(options: dict[str, str]) -> None:
    restorer, given = with_options(Network(), options, "cpu"), images()
    known = [Conditions(sigma_255=level) for level in (5.0, 15.0, 25.0)]
    together = restore_images(restorer, given, known)
    alone = [restore_image(restorer, *pair) for pair in zip(given, known, strict=True)]
    most = TOLERANCE[options.get("precision", "fp32")]
    assert max(float(np.abs(a - b).max()) for a, b in zip(together, alone, strict=True)) < most
    assert not hasattr(with_options(Plain(), options, "cpu"), "restore_batch")


class Plain(Restorer):
    """Takes one image at a time."""

    card = RestorerCard("plain", channels=(3,))

    def restore(self, image: Any, conditions: Conditions) -> Any:
        return image


def test_an_image_lost_in_16_bits_is_lost_alone() -> None:
    restorer = Network()
    with torch.no_grad():
        restorer.network[0].weight.mul_(1e6)  # too much for 16 bits
        restorer.network[1].weight.mul_(1e-6)
    short = with_options(restorer, {"precision": "fp16"}, "cpu")
    known = [Conditions()] * 3
    with pytest.raises(RestorationError, match="an image of the batch is lost in fp16"):
        restore_images(short, images(), known)
    assert np.isfinite(restore_image(short, images()[0], known[0])).all()


def test_what_takes_one_at_a_time_says_so() -> None:
    with pytest.raises(AloneError, match="plain takes one image at a time"):
        restore_images(Plain(), images(), [Conditions()] * 3)


def test_a_module_of_this_process_takes_batches_and_a_function_does_not() -> None:
    torch.manual_seed(0)
    network = torch.nn.Conv2d(3, 3, 3, padding=1)
    torch.nn.init.constant_(network.bias, 0.5)
    module = as_restorer(network.eval(), Feeding(scale=1))
    together = restore_images(module, images(), [Conditions()] * 3, trained=False)
    alone = [restore_image(module, one, Conditions(), trained=False) for one in images()]
    assert max(float(np.abs(a - b).max()) for a, b in zip(together, alone, strict=True)) < 1e-5
    assert not hasattr(as_restorer(np.copy, Feeding(scale=1)), "restore_batch")


def test_seconds_are_a_share_and_memory_is_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(function: Any, *_rest: object) -> tuple[Any, Spent]:
        return function(), Spent(6.0, 50.0, 40.0)

    monkeypatch.setattr("harness.restoring.measuring.measure", measured)
    agreed: list[int] = []
    restore = partial(restore_images, Network())
    _, alone = restore_measured(restore, images(1), [Conditions()], "cpu", 0.0, agreed)
    assert (alone.seconds, alone.batch, agreed) == (6.0, 1, [])
    _, spent = restore_measured(restore, images(), [Conditions()] * 3, "cpu", 0.0, agreed)
    assert (spent.seconds, spent.batch, spent.peak_mib, spent.growth_mib) == (2.0, 3, 50.0, 40.0)
    assert agreed == [1]


def test_tiles_of_a_batch_are_those_of_each_image_and_never_halved() -> None:
    seen: list[tuple[int, ...]] = []

    def twice(part: Any) -> Any:
        seen.append(part.shape)
        return part.repeat(2, axis=-2).repeat(2, axis=-1)

    batch = np.random.default_rng(0).random((3, 3, 40, 56), dtype=np.float32)
    together = tile(twice, batch, scale=2, size=24, overlap=8)
    shapes = [shape[1:] for shape in seen]
    seen.clear()
    alone = np.stack([tile(twice, one, scale=2, size=24, overlap=8) for one in batch])
    assert np.array_equal(together, alone)
    assert shapes * 3 == seen

    def full(_part: Any) -> Any:
        seen.append(())
        raise MemoryError

    seen.clear()
    with pytest.raises(MemoryError):
        tile(full, batch, scale=2, size=24, overlap=2)
    assert len(seen) == 1
    with pytest.raises(MemoryError):
        tile(full, batch[0], scale=2, size=24, overlap=2)
    assert len(seen) > 2
