"""An image that is too large for the memory a worker may take is restored all the same, in smaller tiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.conditions import Conditions
from harness.images import quantise
from harness.plugins import parse_restorer
from harness.restoring.in_worker import Restoration, RestoreTask, restore_cell
from harness.storage.samples import save_array
from harness.workers.pool import WorkerPool, outcome


def test_tiles_are_halved_until_they_fit(tmp_path: Path, generator: np.random.Generator) -> None:
    degraded = save_array(
        quantise(generator.random((3, 1000, 1200), dtype=np.float32)), tmp_path / "degraded"
    )
    spec = parse_restorer("misbehaving:Wide")
    task = RestoreTask(
        spec, "cpu", degraded, Conditions(), None, tmp_path / "restored", quantise=True
    )
    # the whole image takes 300 MiB a layer, and 14 for each copy
    pool = WorkerPool(1, private=True, memory_mib=360)
    try:
        done = outcome(pool.submit(restore_cell, task, timeout=300), 300)
    finally:
        pool.close(kill=True)
    assert isinstance(done, Restoration), done
    assert done.tile is not None
    assert 100 < done.tile < 1096
    assert done.flops is not None
