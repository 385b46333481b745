"""Networks of the zoo in a worker that counts their operations: one image after the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.conditions import Conditions
from harness.images import exact_uint8, quantise
from harness.plugins.kinds import restorers
from harness.plugins.specification import parse_restorer
from harness.restoring.adaptation import restore_image
from harness.restoring.in_worker import Restoration, RestoreTask, restore_cell
from harness.storage.images.arrays import ImageFile, quick_hash, save_array
from harness.workers.pool import WorkerPool, outcome

pytestmark = pytest.mark.zoo

SIDES = ((24, 40), (40, 24), (32, 32), (24, 40))
"""One size comes twice: a network may keep what it has made for it."""


@pytest.mark.parametrize(("name", "scale"), [("dat-light", 2), ("ffdnet", 1)])
def test_counting_leaves_no_trace_in_a_network(name: str, scale: int, tmp_path: Path) -> None:
    cls = restorers.get(name)
    if cls.missing() is not None:
        pytest.skip(str(cls.missing()))
    conditions, generator = Conditions(scale=scale, sigma_255=25.0), np.random.default_rng(0)
    images = [quantise(generator.random((3, *sides), dtype=np.float32)) for sides in SIDES]
    found = []
    with WorkerPool(1, private=True) as pool:
        for place, image in enumerate(images):
            path = save_array(image, tmp_path / f"degraded-{place}", exact_uint8(image))
            degraded = ImageFile(path, "", quick_hash(image))
            handover = tmp_path / f"restored-{place}.npy"
            task = RestoreTask(
                parse_restorer(name), "cpu", degraded, conditions, None, None, handover,
                quantise=False,
            )  # fmt: skip
            done = outcome(pool.submit(restore_cell, task, timeout=300), 300)
            assert isinstance(done, Restoration), done
            assert done.spent.flops, "it was counted"
            found.append(done.pixels.read())
    fresh = cls()
    for image, restored in zip(images, found, strict=True):
        assert np.allclose(restored, restore_image(fresh, image, conditions), atol=1e-5)
