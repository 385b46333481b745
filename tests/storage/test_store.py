"""The store: what goes in comes out, and stores of earlier versions are brought up to date."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.reporting.assemble import costs
from harness.results import Cell, FailureKind
from harness.storage.store import SCHEMA_VERSION, Restored, Store, load_run

HISTORIC = Path(__file__).parents[1] / "historic_runs"


def test_runs_of_schema_1_are_read_and_can_be_added_to(tmp_path: Path) -> None:
    folder = shutil.copytree(HISTORIC / "run-schema-1", tmp_path / "run")
    old = load_run(folder)
    assert {(item.cell.restorer, item.cell.set) for item in old.timings} == {
        ("identity", "photos-sigma25"), ("tv", "photos-sigma25"), ("bicubic", "photos-x2"),
    }  # fmt: skip
    assert [
        (item.flops, item.tile, item.precision, item.fell_back) for item in old.timings
    ] == 6 * [(None, None, None, False)]
    assert {item.kind for item in old.failures} == {FailureKind.RAISED}
    assert {(item.precision, item.flops) for item in costs(old)} == {(None, None)}
    with Store(folder) as store:
        store.add_restored(
            Restored(
                Cell("new", "photos-x2", "astronaut"), "f", "d", "p.png", "s", 0.5, 1.0, 2.0, 3, 4
            )
        )
    assert len(load_run(folder).timings) == 7


def test_what_a_cell_cost_comes_back(tmp_path: Path) -> None:
    shutil.copytree(HISTORIC / "run-schema-1", tmp_path / "run")
    cells = [Cell("net", "photos-x2", name) for name in "abc"]
    with Store(tmp_path / "run") as store:
        store.add_restored(
            Restored(cells[0], "f", "d", "a.png", "s", 0.5, 10.0, 70.0, 10**13, 512, "fp16")
        )
        store.add_restored(
            Restored(cells[1], "f", "d", "b.png", "s", 0.7, 12.0, 60.0, 10**12, 128, "fp32", True)
        )
        store.add_restored(
            Restored(cells[2], "f", "d", "c.png", "s", 0.6, 11.0, 50.0, 10**12, None, "fp16")
        )
    data = load_run(tmp_path / "run")
    found = {item.cell: item for item in data.timings}
    assert (found[cells[0]].flops, found[cells[0]].tile, found[cells[0]].precision) == (
        10**13,
        512,
        "fp16",
    )
    assert [found[cell].fell_back for cell in cells] == [False, True, False]
    (cost,) = (item for item in costs(data) if item.restorer == "net")
    assert (cost.seconds, cost.peak_mib, cost.cuda_mib, cost.n) == (0.6, 12.0, 70.0, 3)
    assert (cost.flops, cost.tile, cost.precision, cost.fell_back) == (10**12, 128, "fp16, fp32", 1)


def test_a_store_of_a_later_version_is_refused(tmp_path: Path) -> None:
    with Store(tmp_path / "run", create=True) as store:
        store._database.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    with pytest.raises(StoreError, match="upgrade restobench"):
        load_run(tmp_path / "run")
