"""What a cell costs: memory beyond the packages, size, threads; whatever was restored before."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from harness.conditions import Conditions
from harness.images import exact_uint8, from_uint8, quantise
from harness.plugins.specification import parse_restorer
from harness.restoring.in_worker import Restoration, RestoreTask, restore_cell
from harness.results import Spent
from harness.storage.images.arrays import ImageFile, quick_hash, save_array
from harness.workers.pool import WorkerPool, outcome

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells no peak of its own")

SLACK_MIB = 8.0
"""Caches, fragments of the heap, and what the kernel counts late."""


def spent_on(folder: Path, name: str, *cells: tuple[str, int, int]) -> list[Spent]:
    """What cells cost one worker, one after the other: set, height and width of each."""
    spec, found = parse_restorer(name), []
    generator = np.random.default_rng(0)
    pool = WorkerPool(1, private=True)
    try:
        for place, (set_name, height, width) in enumerate(cells):
            image = quantise(generator.random((3, height, width), dtype=np.float32))
            path = save_array(image, folder / f"degraded-{place}", exact_uint8(image))
            task = RestoreTask(
                spec=spec,
                device="cpu",
                degraded=ImageFile(path, "", quick_hash(image)),
                conditions=Conditions(set_name=set_name),
                mask=None,
                fresh=None,
                handover=folder / "restored.npy",
                quantise=True,
            )
            done = outcome(pool.submit(restore_cell, task, timeout=300), 300)
            assert isinstance(done, Restoration), done
            found.append(done.spent)
    finally:
        pool.close(kill=True)
    return found


def near(value: float | None, expected: float) -> bool:
    return value is not None and expected - 2 <= value <= expected + SLACK_MIB


@linux
@pytest.mark.parametrize("name", ["Hungry", "Late"])
def test_memory_is_weights_and_activations(tmp_path: Path, name: str) -> None:
    cells = [("a", 128, 128), ("a", 256, 256), ("a", 128, 128)]
    alone, large, after = spent_on(tmp_path, f"hungry:{name}", *cells)
    assert near(alone.peak_mib, 150), "and not the package of 60 MiB"
    assert near(alone.growth_mib, 50)
    assert near(large.peak_mib, 300)
    assert near(after.peak_mib, 150), "an earlier image does not count"
    assert near(after.growth_mib, 50)


@linux
def test_what_a_library_keeps_is_not_counted_for_another_set(tmp_path: Path) -> None:
    cells = [("a", 256, 256), ("a", 256, 256), ("b", 128, 128), ("b", 128, 128)]
    first, second, other, last = spent_on(tmp_path, "hungry:Hoarding", *cells)
    corner = 50 / 4  # of the warm-up, kept until it is replaced
    assert near(first.peak_mib, 300 + corner)
    assert near(second.peak_mib, 300)
    assert near(second.growth_mib, 0), "it holds everything already"
    assert near(other.peak_mib, 150 + corner)
    assert near(last.peak_mib, 150)
    assert [item.cold for item in (first, second, other, last)] == [True, False, True, False]


@linux
def test_a_restorer_that_does_nothing_takes_next_to_nothing(tmp_path: Path) -> None:
    [spent] = spent_on(tmp_path, "misbehaving:Good", ("a", 96, 160))
    assert near(spent.peak_mib, 0)
    assert near(spent.growth_mib, 0)


def test_size_threads_and_the_first_cell_are_recorded(tmp_path: Path) -> None:
    cells = [("a", 96, 160), ("b", 160, 96)]
    first, second = spent_on(tmp_path, "misbehaving:Good", *cells)
    assert (first.height, first.width, first.threads, first.cold) == (96, 160, 1, True)
    assert (second.height, second.width, second.cold) == (160, 96, False)
    assert first.precision == "fp32"
    assert first.beside is None, "only the parent knows"


def test_counting_operations_changes_no_pixel_and_leaves_nothing_behind(tmp_path: Path) -> None:
    spec, images = parse_restorer("keeping:Keeping"), {}
    with WorkerPool(1, private=True) as pool:
        for place, side in enumerate((40, 48, 40, 48)):
            levels = np.full((side, side, 3), 50 + place, np.uint8)
            image = from_uint8(levels)
            path = save_array(image, tmp_path / f"degraded-{place}", levels)
            degraded = ImageFile(path, "", quick_hash(image))
            handover = tmp_path / f"restored-{place}.npy"
            task = RestoreTask(
                spec, "cpu", degraded, Conditions(), None, None, handover, quantise=False
            )
            done = outcome(pool.submit(restore_cell, task, timeout=300), 300)
            assert isinstance(done, Restoration), done
            assert done.spent.flops == 2 * 3 * side * side
            images[place] = done.pixels.read()
    for place, image in images.items():
        assert image == pytest.approx((50 + place) / 255 + 0.25, abs=1e-6)
