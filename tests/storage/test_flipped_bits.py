"""Bits of a run's store and of the kept scores are flipped: no other number is ever read."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from harness.cards import MetricCard
from harness.errors import StoreError
from harness.ranking.leaderboards import rank_run
from harness.results import (
    Cell,
    Failure,
    FailureKind,
    MetricValue,
    PlannedSet,
    Restored,
    Run,
    RunPlan,
    RunRestorer,
    Score,
    Skipped,
    Spent,
)
from harness.storage.kept_scores import KeptScores, Pixels
from harness.storage.metadata import HEADER, RANKED
from harness.storage.store import FILENAME, Store, load_run
from harness.storage.whole import salvage

IMAGES = [f"image-{number:03d}" for number in range(24)]
METRICS = {name: MetricCard(name, True, name != "lpips") for name in ("psnr", "ssim", "lpips")}
Figures = dict[str, object]
PAGE = 4096


def write(folder: Path, seed: int = 0) -> None:
    """A run of three restorers on two sets by three metrics, with a failure and what is skipped."""
    generator = np.random.default_rng(seed)
    sets = {name: PlannedSet("denoise", images=len(IMAGES)) for name in ("one", "two")}
    restorers = {name: RunRestorer(name, licence="MIT") for name in ("a", "b", "c")}
    plan = RunPlan("bench", "text", {"name": "rgb", "hash": "1"}, sets, tuple(METRICS))
    run = Run("0" * 12, "2026-01-01", plan, restorers, METRICS, {"workers": 2}, "finished")
    with Store(folder, create=True) as store:
        store.write_header(run)
        store.replace_skipped([Skipped("c", "two", "does not"), Skipped(None, "three", "gone")])
        for name in ("a", "b", "c"):
            for degraded_set in ("one", "two")[: 1 if name == "c" else 2]:
                for image in IMAGES:
                    cell = Cell(name, degraded_set, image)
                    if image == IMAGES[3] and name == "b":
                        store.add_failure(Failure(cell, FailureKind.RAISED, "no luck"))
                        continue
                    row = Restored(cell, f"{image}.png", "h" * 64, Spent(0.5, 1, 2), "f", "d", "c")
                    values = [Score(cell, m, float(generator.random()), 0.5) for m in METRICS]
                    store.add_scores(values, [], dict.fromkeys(METRICS, "1"), row)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    write(folder)
    return folder


def figures(folder: Path) -> Figures:
    """All that is read of a run, its ranks, and what it says of itself."""
    data = load_run(folder)
    return {
        "incomplete": data.incomplete(),
        "run": data.run,
        "scores": sorted(data.scores, key=repr),
        "restored": sorted(data.restored, key=repr),
        "failures": sorted(data.failures, key=repr),
        "skipped": sorted(data.skipped, key=repr),
        "ranks": repr(rank_run(data).boards),
    }


def flip(file: Path, place: int, bit: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1 << bit
    file.write_bytes(content)


def outcome(folder: Path, wanted: Figures) -> str:
    """What became of reading a run; anything but an error of ours passes through."""
    try:
        found = figures(folder)
    except StoreError as error:
        text = str(error)
        assert str(folder) in text
        assert "\n" not in text
        return f"refused: {text}"
    if found["incomplete"]:
        assert set(map(repr, found["scores"])) <= set(map(repr, wanted["scores"]))  # type: ignore[call-overload]
        return f"left out: {found['incomplete']}"
    assert found == wanted, "other figures without a word"
    return "same"


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Callable[[], Path]:
    """A new copy of the run, each time."""

    def copy() -> Path:
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        return shutil.copytree(whole, tmp_path / "run") / FILENAME

    return copy


@pytest.mark.parametrize("place", ["header", "schema", "anywhere", "unclosed"])
@pytest.mark.parametrize("seed", range(3))
def test_flipped_bit_of_a_store(
    whole: Path, run: Callable[[], Path], place: str, seed: int
) -> None:
    generator, wanted = np.random.default_rng(seed), figures(whole)
    for _ in range(25):
        file = run()
        if place == "unclosed":
            unseal(file)
        most = {"header": 100, "schema": PAGE}.get(place, file.stat().st_size)
        flip(file, int(generator.integers(most)), int(generator.integers(8)))
        outcome(file.parent, wanted)


@pytest.mark.parametrize("is_closed", [True, False], ids=["closed", "unclosed"])
def test_page_of_a_store_in_the_place_of_another(
    whole: Path, run: Callable[[], Path], is_closed: bool
) -> None:
    generator, wanted = np.random.default_rng(0), figures(whole)
    found = []
    for _ in range(40):
        file = run()
        if not is_closed:
            unseal(file)
        content = bytearray(file.read_bytes())
        one, other = generator.choice(np.arange(1, len(content) // PAGE), 2, replace=False) * PAGE
        content[one : one + PAGE] = content[other : other + PAGE]
        file.write_bytes(content)
        found.append(outcome(file.parent, wanted).partition(":")[0])
    assert found.count("left out") > 20


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda content: flipped(content, 3), "same"),
        (lambda content: flipped(content, 16), "same"),
        (lambda content: flipped(content, 1000), "same"),
        (lambda content: content[: len(content) // 2], "left out"),
        (lambda content: content[:-PAGE] + bytes(PAGE), "left out"),
        (lambda _: b"", "refused"),
        (lambda _: b"no store" * 1000, "refused"),
        (lambda content: content[:PAGE], "refused"),
    ],
    ids=["magic", "page-size", "schema", "half", "last-page-empty", "empty", "other", "first-page"],
)
def test_what_is_whole_of_a_store_is_read(
    whole: Path, run: Callable[[], Path], damage: Callable[[bytes], bytes], expected: str
) -> None:
    file = run()
    file.write_bytes(damage(file.read_bytes()))
    found = outcome(file.parent, figures(whole))
    assert found.partition(":")[0] == expected, found


def test_a_damaged_store_is_mended_by_who_writes_and_kept(
    whole: Path, run: Callable[[], Path]
) -> None:
    file, wanted = run(), figures(whole)
    broken = bytearray(file.read_bytes())
    broken[10 * PAGE : 11 * PAGE] = bytes(PAGE)
    file.write_bytes(broken)
    found = figures(file.parent)
    assert len(found["scores"]) < len(wanted["scores"])  # type: ignore[arg-type]
    assert file.read_bytes() == broken, "who reads changes nothing"
    with Store(file.parent, create=True) as store:
        assert f"{store.damaged} damaged rows are left out" in str(found["incomplete"])
        assert store.damaged > 5
    data = load_run(file.parent)
    assert len(data.scores) < len(wanted["scores"])  # type: ignore[arg-type]
    assert data.lost == 0, "what is lost is gone, and the rest is whole"
    assert file.with_suffix(".damaged").read_bytes() == broken


@pytest.mark.parametrize("key", [*HEADER, "copy"])
@pytest.mark.parametrize("twice", [False, True], ids=["once", "with its copy"])
def test_ranks_need_little_of_what_a_run_says_of_itself(
    whole: Path, run: Callable[[], Path], key: str, twice: bool
) -> None:
    file, wanted = run(), figures(whole)
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        for name in {key, "copy"} if twice else {key}:
            database.execute("UPDATE meta SET value = value || ' ' WHERE key = ?", [name])
    found = outcome(file.parent, wanted)
    if key in RANKED and twice:
        assert f"what the run says of its {key} is lost" in found
        return
    assert found.startswith("left out: ")
    assert ("2 damaged rows are" if twice and key != "copy" else "1 damaged row is") in found
    assert figures(file.parent)["ranks"] == wanted["ranks"]


@pytest.mark.parametrize("key", HEADER)
def test_what_an_unclosed_store_lacks_of_its_header_is_counted(
    run: Callable[[], Path], key: str
) -> None:
    """It has other rows beside the header, its copy for one: their number says nothing."""
    file = run()
    unseal(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("DELETE FROM meta WHERE key = ?", [key])
    memory, lost = salvage(file)
    memory.close()
    assert lost == dict.fromkeys(lost, 0) | {"meta": 1}


FOREIGN = {
    "a table": ("CREATE TABLE mine (a)", "a table 'mine'"),
    "a table of our schema's number": (
        "CREATE TABLE mine (a); PRAGMA user_version=6", "a table 'mine'",
    ),
    "a table of a later number": (
        "CREATE TABLE mine (a); PRAGMA user_version=99", "a table 'mine'",
    ),
    "a table of a name of ours": ("CREATE TABLE scores (player, points)", "a table 'scores'"),
    "a table meta": ("CREATE TABLE meta (key, value); PRAGMA user_version=1", "a table 'meta'"),
    "a view": ("CREATE VIEW seen AS SELECT 1", "a view 'seen'"),
    "a mark": ("PRAGMA application_id=77", "the mark 77 of its program"),
}  # fmt: skip


@pytest.mark.parametrize(("script", "what"), FOREIGN.values(), ids=FOREIGN)
def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path, script: str, what: str) -> None:
    with closing(sqlite3.connect(tmp_path / FILENAME, isolation_level=None)) as database:
        database.executescript(script)
    before = (tmp_path / FILENAME).read_bytes()
    for create in (False, True):
        with pytest.raises(StoreError, match=f"a database of somebody else, with {what}"):
            Store(tmp_path, create=create)
    assert (tmp_path / FILENAME).read_bytes() == before


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_is_in_the_way(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / FILENAME)
    with pytest.raises(StoreError, match="is in the way: it is no file"):
        Store(tmp_path, create=True)


@pytest.mark.parametrize("beside", ["-shm", "-wal"])
def test_a_store_where_nothing_can_be_made_is_read(
    whole: Path, run: Callable[[], Path], beside: str
) -> None:
    file = run()
    Path(f"{file}{beside}").mkdir()  # as in a folder that is read only
    assert figures(file.parent) == figures(whole)
    with pytest.raises(StoreError, match="cannot be used: ") as refused:  # noqa: SIM117
        with Store(file.parent, create=True) as store:
            store.set_meta(status="running")
    assert "fresh" not in str(refused.value)


def unseal(file: Path) -> None:
    """As a killed process leaves it."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("DELETE FROM meta WHERE key = 'seal'")


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bit_of_the_kept_scores(tmp_path: Path, seed: int) -> None:
    wanted = {f"key-{number}": MetricValue(number / 7, number / 3) for number in range(400)}
    hashes = {f"file-{number}": Pixels(f"{number:064x}", f"{number:016x}") for number in range(99)}
    with KeptScores(tmp_path / "whole") as kept:
        kept.keep_scores(wanted.items())
        for name, pixels in hashes.items():
            kept.keep_pixels(name, pixels)
    generator, size = np.random.default_rng(seed), kept.path.stat().st_size
    for attempt in range(25):
        folder = tmp_path / f"copy-{attempt}"
        shutil.copytree(tmp_path / "whole", folder)
        most = (100, PAGE, size)[attempt % 3]
        flip(folder / kept.path.name, int(generator.integers(most)), int(generator.integers(8)))
        with KeptScores(folder) as damaged:
            assert all(damaged.score(key) in (value, None) for key, value in wanted.items())
            assert all(damaged.pixels(key) in (value, None) for key, value in hashes.items())
            damaged.keep_scores(list(wanted.items())[:3])
            damaged.count()
