"""An image that is too large for a worker's memory is restored all the same, in smaller tiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.conditions import Conditions
from harness.images import exact_uint8, quantise
from harness.plugins.specification import parse_restorer
from harness.restoring.in_worker import Restoration, RestoreTask, restore_cell
from harness.storage.images.arrays import ImageFile, quick_hash, save_array
from harness.workers.pool import WorkerPool, outcome


def test_tiles_are_halved_until_they_fit(tmp_path: Path, generator: np.random.Generator) -> None:
    image = quantise(generator.random((3, 1000, 1200), dtype=np.float32))
    path, restored = (
        save_array(image, tmp_path / "degraded", exact_uint8(image)),
        tmp_path / "restored.npy",
    )
    degraded = ImageFile(path, "", quick_hash(image))
    spec = parse_restorer("misbehaving:Wide")
    task = RestoreTask(spec, "cpu", degraded, Conditions(), None, None, restored, quantise=True)
    # the whole image takes 300 MiB a layer, and 14 for each copy
    pool = WorkerPool(1, private=True, memory_mib=360)
    try:
        done = outcome(pool.submit(restore_cell, task, timeout=300), 300)
    finally:
        pool.close(kill=True)
    assert isinstance(done, Restoration), done
    assert done.spent.tile is not None
    assert 100 < done.spent.tile < 1096
    assert done.spent.flops is not None
