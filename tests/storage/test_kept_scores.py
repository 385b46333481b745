"""Kept scores: what goes in comes out, to the last bit, or nothing does."""

from __future__ import annotations

import math
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.results import MetricValue
from harness.storage.kept_scores import FILENAME, KeptScores, Pixels

NUMBERS = st.floats(allow_nan=False)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(value=NUMBERS, spread=st.none() | NUMBERS)
def test_every_score_comes_back_to_the_last_bit(
    tmp_path: Path, value: float, spread: float | None
) -> None:
    with KeptScores(tmp_path) as kept:
        kept.keep_scores([("key", MetricValue(value, spread))])
    with KeptScores(tmp_path) as kept:
        # by their text: -0.0 is no 0.0
        assert repr(kept.score("key")) == repr(MetricValue(value, spread))


def test_what_nobody_kept_is_not_there_and_nan_is_never_kept(tmp_path: Path) -> None:
    with KeptScores(tmp_path) as kept:
        good = ("inf", MetricValue(math.inf))
        kept.keep_scores([("nan", MetricValue(math.nan)), ("s", MetricValue(1, math.nan)), good])
        assert [kept.score(key) for key in ("nan", "s", "inf", "other")] == [
            None, None, MetricValue(math.inf), None,
        ]  # fmt: skip
        kept.keep_pixels("file", Pixels("a" * 64, "b" * 16))
        assert kept.pixels("file") == Pixels("a" * 64, "b" * 16)
        assert kept.pixels("inf") is None
        assert kept.take_notes() == ()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE scores SET value = 7.5",
        "UPDATE scores SET value = 'seven'",
        "UPDATE scores SET value = NULL",
        "UPDATE scores SET spread = 0.5",
        "UPDATE scores SET value = CAST(x'ff' AS TEXT)",
        "UPDATE scores SET checksum = NULL",
        "UPDATE scores SET key = 'other' WHERE key = 'third'; "
        "DELETE FROM scores WHERE key = 'key'; UPDATE scores SET key = 'key'",
    ],
)
def test_a_row_that_does_not_fit_its_checksum_is_not_believed(tmp_path: Path, change: str) -> None:
    with KeptScores(tmp_path) as kept:
        kept.keep_scores([("key", MetricValue(1.5)), ("second", MetricValue(2.5))])
        database = sqlite3.connect(tmp_path / FILENAME)
        database.executescript(change)
        database.close()
        assert kept.score("key") is None
        kept.keep_scores([("key", MetricValue(3.5))])
        assert kept.score("key") == MetricValue(3.5)
        assert kept.take_notes() == ()


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    changed = {
        "inverted": bytes(255 - byte for byte in content),
        "truncated": content[: len(content) // 2],
        "text": b"no database\n" * 1000,
        "middle": content[:5000] + bytes(255 - byte for byte in content[5000:]),
    }
    path.write_bytes(changed[how])


@pytest.mark.parametrize("how", ["inverted", "truncated", "text", "middle"])
def test_a_damaged_file_is_set_aside_with_one_line_and_made_anew(tmp_path: Path, how: str) -> None:
    with KeptScores(tmp_path) as kept:
        kept.keep_scores((f"{number:064}", MetricValue(number)) for number in range(500))
    damage(tmp_path / FILENAME, how)
    with KeptScores(tmp_path) as kept:
        found = {number: kept.score(f"{number:064}") for number in range(500)}
        wrong = {n: value for n, value in found.items() if value not in (None, MetricValue(n))}
        assert wrong == {}
        kept.keep_scores([("new", MetricValue(1))])
        (note,) = kept.take_notes()
        assert f"{tmp_path / FILENAME} was damaged" in note
        assert "\n" not in note
    with KeptScores(tmp_path) as kept:
        assert kept.score("new") == MetricValue(1)
        assert kept.take_notes() == ()


def test_a_database_with_other_tables_is_set_aside(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / FILENAME)
    database.executescript("CREATE TABLE scores (a); CREATE TABLE pixels (b);")
    database.close()
    with KeptScores(tmp_path) as kept:
        kept.keep_scores([("key", MetricValue(1))])
        assert kept.score("key") == MetricValue(1)
        assert len(kept.take_notes()) == 1


def test_what_one_sets_aside_another_does_not_set_aside_again(tmp_path: Path) -> None:
    with KeptScores(tmp_path) as kept:
        kept.keep_scores([("key", MetricValue(1))])
    damage(tmp_path / FILENAME, "middle")
    with KeptScores(tmp_path) as first, KeptScores(tmp_path) as second:
        assert second.count() == 0 or second.score("key") is None
        first.keep_scores([("key", MetricValue(2))])
        second.keep_scores([("other", MetricValue(3))])
        assert first.score("other") == MetricValue(3)
        assert second.score("key") == MetricValue(2)
        assert len(first.take_notes() + second.take_notes()) == 1


def test_without_a_place_to_write_nothing_is_kept_and_nothing_raises(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with KeptScores(tmp_path / "file") as kept:
        kept.keep_scores([("key", MetricValue(1))])
        kept.keep_pixels("key", Pixels("", ""))
        assert kept.score("key") is None
        assert kept.count() == 0
        (note,) = kept.take_notes()
    assert note.startswith(f"scores are not kept: {tmp_path / 'file' / FILENAME}")


def test_a_pipe_in_the_place_of_the_lock_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo((tmp_path / FILENAME).with_suffix(".lock"))
    with KeptScores(tmp_path) as kept:
        kept.keep_scores([("key", MetricValue(1))])
        assert kept.score("key") == MetricValue(1)


def test_they_are_counted_and_cleared_in_the_sight_of_others(tmp_path: Path) -> None:
    with KeptScores(tmp_path / "scores") as kept:
        assert (kept.count(), kept.clear()) == (0, 0)
        assert not kept.path.exists(), "counting makes nothing"
        kept.keep_scores([("a", MetricValue(1)), ("b", MetricValue(2))])
        kept.keep_pixels("c", Pixels("", ""))
        with KeptScores(tmp_path / "scores") as another:
            assert (another.clear(), another.count()) == (2, 0)
        assert (kept.score("a"), kept.pixels("c")) == (None, None)
        kept.keep_scores([("a", MetricValue(3))])
        assert kept.count() == 1


def test_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTOBENCH_CACHE", str(tmp_path / "cache"))
    assert KeptScores().path.parent != tmp_path / "cache" / "scores"
    monkeypatch.delenv("RESTOBENCH_SCORE_CACHE")
    assert KeptScores().path.parent == tmp_path / "cache" / "scores"


KILLED = """
import os, signal, sys
from pathlib import Path
from harness.results import MetricValue
from harness.storage.kept_scores import KeptScores
kept = KeptScores(Path(sys.argv[1]))
for number in range(5):
    kept.keep_scores([(f"{sys.argv[2]}{number}", MetricValue(number))])
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_processes_lose_nothing(tmp_path: Path) -> None:
    commands = [[sys.executable, "-c", KILLED, str(tmp_path), name] for name in "abc"]
    processes = [subprocess.Popen(command) for command in commands]
    assert [process.wait() for process in processes] == [-signal.SIGKILL] * 3
    with KeptScores(tmp_path) as kept:
        keys = [f"{name}{number}" for name in "abc" for number in range(5)]
        assert [kept.score(key) for key in keys] == [MetricValue(n) for n in range(5)] * 3
        assert kept.count() == 15
