"""The store: what goes in comes out, and stores of earlier versions are brought up to date."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import StoreError
from harness.regression.measured_run import load_measured
from harness.reporting.costs import costs
from harness.results import (
    Cell,
    Failure,
    FailureKind,
    Restored,
    Run,
    RunPlan,
    RunRestorer,
    Score,
    Skipped,
    Spent,
)
from harness.storage.marks import Mark
from harness.storage.metadata import ADDED
from harness.storage.schema import SCHEMA_VERSION, TABLES
from harness.storage.store import FILENAME, Store, load_header, load_run
from harness.storage.whole import checked, row_check, sealed, totals

HISTORIC = Path(__file__).parents[1] / "historic_runs"


def test_runs_of_schema_1_are_read_and_can_be_added_to(tmp_path: Path) -> None:
    folder = shutil.copytree(HISTORIC / "run-schema-1", tmp_path / "run")
    old = load_run(folder)
    assert {(item.cell.restorer, item.cell.set) for item in old.restored} == {
        ("identity", "photos-sigma25"), ("tv", "photos-sigma25"), ("bicubic", "photos-x2"),
    }  # fmt: skip
    costs_of = [
        (s.flops, s.tile, s.precision, s.fell_back) for s in (i.spent for i in old.restored)
    ]
    assert costs_of == 6 * [(None, None, None, False)]
    assert {item.kind for item in old.failures} == {FailureKind.RAISED}
    assert {(item.precision, item.flops) for item in costs(old)} == {(None, None)}
    assert {(item.peak_mib, item.threads, item.size) for item in costs(old)} == {(None, None, None)}
    assert max(item.growth_mib for item in costs(old)) == 4.26171875, "what was called the peak"
    assert all(item.timed_alone for item in costs(old)), "its environment says one worker"
    cell = Cell("new", "photos-x2", "astronaut")
    assert (folder / FILENAME).read_bytes() == (HISTORIC / "run-schema-1" / FILENAME).read_bytes()
    with Store(folder) as store, pytest.raises(StoreError, match="readonly"):
        store.set_meta(status="finished")
    with Store(folder, create=True) as store:
        store.add_restored(Restored(cell, "p.png", "s", Spent(0.5, 1.0, 2.0, 3.0, 4), "f", "d"))
    assert len(load_run(folder).restored) == 7


def test_what_a_cell_cost_comes_back(tmp_path: Path) -> None:
    shutil.copytree(HISTORIC / "run-schema-1", tmp_path / "run")
    cells = [Cell("net", "photos-x2", name) for name in "abcd"]
    costs_of = [
        Spent(0.5, 10.0, 1.0, 70.0, 10**13, 512, "fp16", 0, 1, 96, 128),
        Spent(0.7, 12.0, 3.0, 60.0, 10**12, 128, "fp32", 1, 2, 64, 256, fell_back=True),
        Spent(0.6, 11.0, 2.0, 50.0, 10**12, None, "fp16", 0, 1, 96, 128, batch=8),
        Spent(9.0, 11.0, 2.0, 50.0, 10**12, None, "fp16", 0, 1, 48, 64, cold=True),
    ]
    with Store(tmp_path / "run", create=True) as store:
        for cell, cost in zip(cells, costs_of, strict=True):
            store.add_restored(Restored(cell, f"{cell.image}.png", "s", cost, "f", "d"))
    data = load_run(tmp_path / "run")
    found = {item.cell: item.spent for item in data.restored}
    assert [found[cell] for cell in cells] == costs_of
    (cost,) = (item for item in costs(data) if item.restorer == "net")
    assert (cost.seconds, cost.timed, cost.n) == (0.6, 3, 4), "the first of a worker is warm-up"
    assert (cost.peak_mib, cost.growth_mib, cost.cuda_mib, cost.memory_mib) == (12, 3, 70, 70)
    assert (cost.beside, cost.threads, cost.size) == (1, 2, "64x48 to 256x64")
    assert (cost.batch, cost.timed_alone) == (8, False)
    assert (cost.flops, cost.tile, cost.precision, cost.fell_back) == (10**12, 128, "fp16, fp32", 1)


def test_an_older_store_has_the_columns_of_a_new_one_in_their_order(tmp_path: Path) -> None:
    shutil.copytree(HISTORIC / "run-schema-1", tmp_path / "old")

    def columns(name: str) -> list[list[str]]:
        with Store(tmp_path / name, create=True) as store:
            tables = [store._rows(f"PRAGMA table_info({table})") for table in TABLES]
            return [[row[1] for row in table] for table in tables]

    assert columns("old") == columns("new")


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize(("version", "lacks"), [(4, 2), (5, 1)])
def test_rows_of_an_older_schema_get_the_columns_that_it_had_not(
    tmp_path: Path, version: int, lacks: int, damaged: bool
) -> None:
    folder = shutil.copytree(HISTORIC / "run-schema-1", tmp_path / "run")
    with Store(folder, create=True):
        pass  # the newest schema, to be taken back
    columns = ", ".join(checked()["cells"].split(", ")[:-lacks])
    with closing(sqlite3.connect(folder / FILENAME)) as connection:
        connection.create_function("row_check", -1, row_check)
        connection.executescript(
            f"CREATE TABLE old AS SELECT {columns}, row_check({columns}) AS row_hash FROM cells;"  # noqa: S608 - names of columns
            f"DROP TABLE cells; ALTER TABLE old RENAME TO cells; PRAGMA user_version={version}"
        )
        if damaged:
            connection.execute("UPDATE cells SET seconds = 99 WHERE restorer = 'tv'")
            connection.commit()
    restored = load_run(folder).restored
    assert {(item.spent.batch, item.spent.host) for item in restored} == {(1, None)}
    assert sum(item.cell.restorer == "tv" for item in restored) == (0 if damaged else 2)
    assert sum(item.cell.restorer != "tv" for item in restored) == 4


def test_a_store_of_a_later_version_is_refused(tmp_path: Path) -> None:
    with Store(tmp_path / "run", create=True) as store:
        store._rows(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    with pytest.raises(StoreError, match="upgrade restobench"):
        load_run(tmp_path / "run")


def test_what_a_metric_failed_with_stays_until_it_scores_or_the_image_is_another(
    tmp_path: Path,
) -> None:
    """A later start by other metrics, and people's votes, say nothing of it."""
    cell = Cell("r", "s", "i")
    image = Restored(cell, "p.png", "h", Spent(0.5, 1, 1), "f", "d", "c")
    failures = [Failure(cell, FailureKind.METRIC, "no", name) for name in ("a", "b")]
    versions = dict.fromkeys("abcd", "1")
    with Store(tmp_path, create=True) as store:

        def failing() -> set[str | None]:
            return {row[0] for row in store._rows("SELECT metric FROM failures")}

        store.add_failure(Failure(cell, FailureKind.RAISED, "no"))
        store.add_scores([Score(cell, "c", 1)], failures, versions, image)
        assert failing() == {"a", "b"}, "it was restored after all"
        store.add_scores([Score(cell, "d", 1)], [], versions, image)
        store.add_restored(image)
        assert failing() == {"a", "b"}
        store.add_scores([Score(cell, "a", 1)], [], versions, image)
        assert failing() == {"b"}
        store.add_restored(replace(image, sha256="another"))
        assert failing() == set()
        assert store.score_keys(cell) == {}


def test_a_row_that_was_changed_is_left_out_said_and_made_again(tmp_path: Path) -> None:
    spent = Spent(0.5, 1, 1, flops=10**13)
    with Store(tmp_path, create=True) as store:
        store.set_meta(plan={"benchmark": "b"})
        for index in range(3):
            cell = Cell("r", "s", f"i{index}")
            image = Restored(cell, "p.png", "h", spent, "f", "d", "c")
            store.add_scores([Score(cell, "psnr", 30, 1)], [], {"psnr": "1"}, image)
    assert len(load_run(tmp_path).scores) == 3
    with sqlite3.connect(tmp_path / FILENAME) as database:
        database.execute("UPDATE scores SET value = 31 WHERE image = 'i0'")
        database.execute("UPDATE cells SET sha256 = 'x' WHERE image = 'i1'")
    data = load_run(tmp_path)
    assert [score.cell.image for score in data.scores] == ["i1", "i2"]
    assert [image.cell.image for image in data.restored] == ["i0", "i2"]
    assert data.lost == 2
    assert data.incomplete() == (
        "2 damaged rows are left out; the same `restobench run` makes them again",
    )
    with pytest.raises(StoreError, match="2 damaged rows"):
        load_measured(tmp_path)
    with Store(tmp_path, create=True) as store:
        assert store.damaged == 2
        assert store.score_keys(Cell("r", "s", "i0")) == {}
    data = load_run(tmp_path)
    assert (len(data.scores), data.lost) == (2, 0), "what is damaged has been removed"


def test_a_header_that_is_no_json_is_said_and_nothing_is_left_open(tmp_path: Path) -> None:
    with Store(tmp_path, create=True) as store:
        store.set_meta(plan={"benchmark": "b"})
        store._rows("UPDATE meta SET value = '{' WHERE key = 'plan'")
        with pytest.raises(StoreError, match="is damaged"):
            store.read_header()
    with pytest.raises(StoreError, match="is damaged"):
        load_header(tmp_path)


def _run(*names: str) -> Run:
    plan = RunPlan("b", evaluation={"name": "n", "hash": "h"}, metrics=("psnr",))
    cards = {name: RunRestorer(name, fingerprint=f"f-{name}") for name in names}
    return Run("0" * 12, "2026-01-01", plan, cards, {}, {"workers": 1}, "running")


def _add(store: Store, name: str, value: float = 30) -> None:
    image = Restored(Cell(name, "s", "i"), "p.png", f"h{value}", Spent(0.5, 1, 1), "f", "d", "c")
    store.add_scores([Score(image.cell, "psnr", value)], [], {"psnr": "1"}, image)


def _grown(folder: Path, steps: int) -> Mark:
    """A run to which a process has added restorers, one each time that it opened it."""
    run, mark = _run(), None
    for step in range(steps):
        with Store(folder, create=True, known=mark) as store:
            assert store.unchanged == (mark is not None)
            if store.unchanged:
                store.go_on(run)
            run = replace(run, restorers={**run.restorers, **_run(f"r{step}").restorers})
            store.write_header(run)
            _add(store, f"r{step}", 20)
            _add(store, f"r{step}", 20 + step)  # over the one before
            store.add_failure(Failure(Cell("bad", "s", "i"), FailureKind.RAISED, f"{step}"))
            store.replace_skipped([Skipped("r", "other", f"{step}")])
        mark = store.mark
    assert mark is not None
    return mark


def test_what_was_added_bit_by_bit_is_whole_and_what_it_would_be_at_once(tmp_path: Path) -> None:
    _grown(tmp_path, 12)
    data = load_run(tmp_path)
    assert data.lost == 0
    assert {name: card.fingerprint for name, card in data.run.restorers.items()} == {
        f"r{step}": f"f-r{step}" for step in range(12)
    }
    assert sorted(score.value for score in data.scores) == [20.0 + step for step in range(12)]
    with sqlite3.connect(tmp_path / FILENAME) as database:
        database.create_function("row_check", -1, row_check, deterministic=True)
        assert sealed(database) == totals(database)
    with Store(tmp_path, create=True) as store:
        run = store.require_header()
        store.write_header(run)
    with sqlite3.connect(tmp_path / FILENAME) as database:
        keys = {key for (key,) in database.execute("SELECT key FROM meta")}
    assert not any(key.startswith(ADDED) for key in keys), "written whole again"
    assert load_header(tmp_path) == run


def _flip(folder: Path) -> None:
    content = bytearray((folder / FILENAME).read_bytes())
    place = content.rindex(b"psnr")
    content[place] ^= 1
    (folder / FILENAME).write_bytes(content)


def _change_a_row(folder: Path) -> None:
    with sqlite3.connect(folder / FILENAME) as database:
        database.execute("UPDATE scores SET value = 99")


def _remove_a_row(folder: Path) -> None:
    with sqlite3.connect(folder / FILENAME) as database:
        database.execute("DELETE FROM scores WHERE restorer = 'r1'")


def _write_properly(folder: Path) -> None:
    with Store(folder, create=True) as store:
        store.drop_outdated({"psnr": "2"})


@pytest.mark.parametrize("wal", [False, True])
@pytest.mark.parametrize("change", [_flip, _change_a_row, _remove_a_row, _write_properly])
def test_what_somebody_else_does_to_a_store_is_seen_by_who_has_just_closed_it(
    tmp_path: Path, change: Callable[[Path], None], wal: bool
) -> None:
    """As it would be by anybody: the same rows are left out, and the same is said."""
    mark = _grown(tmp_path / "run", 3)
    reader = sqlite3.connect(tmp_path / "run" / FILENAME)
    if wal:  # what is written stays in the write-ahead log as long as somebody reads
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM scores").fetchone()
    change(tmp_path / "run")
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    found = []
    for folder, known in ((tmp_path / "copy", None), (tmp_path / "run", mark)):
        with Store(folder, create=True, known=known) as store:
            assert not store.unchanged
            found.append((store.damaged, sorted(map(repr, store.read().scores))))
    reader.close()
    assert found[0] == found[1]
    assert len(found[0][1]) < 3


def test_two_writers_at_a_time_leave_a_whole_store(tmp_path: Path) -> None:
    mark = _grown(tmp_path, 2)
    with Store(tmp_path, create=True, known=mark) as one:
        assert one.unchanged
        _add(one, "mine")
        with Store(tmp_path, create=True) as other:
            _add(other, "theirs")
    assert one.mark is None, "somebody else has written meanwhile"
    data = load_run(tmp_path)
    assert (len(data.scores), data.lost) == (4, 0)


def test_some_restorers_are_read_and_dropped(tmp_path: Path) -> None:
    _grown(tmp_path, 3)
    with Store(tmp_path, create=True) as store:
        data = store.read(names=["r0", "r2"])
        assert {score.cell.restorer for score in data.scores} == {"r0", "r2"}
        store.drop_restorers(["r0", "bad"])
    data = load_run(tmp_path)
    assert {score.cell.restorer for score in data.scores} == set(data.run.restorers) == {"r1", "r2"}
    assert data.failures == ()
