"""What the cache holds, and throwing it away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.results import MetricValue
from harness.storage.clearing import clear, held
from harness.storage.kept_scores import KeptScores
from harness.storage.places import cache_folder

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("IMAGE_CACHE", "SCORE_CACHE", "CARD_CACHE", "FEATURE_CACHE"):
        monkeypatch.delenv(f"RESTOBENCH_{name}", raising=False)
    monkeypatch.setenv("RESTOBENCH_CACHE", str(tmp_path))
    for name in (f"images/ab/{'ab' * 32}.png", f"images/pins/ab/{'cd' * 32}.json",
                 f"cards/{'ef' * 32}.json", f"features/{'ab' * 32}.npz"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(2**20))
    with KeptScores() as kept:
        kept.keep_scores([("key", MetricValue(1.0))])
    return tmp_path


def test_all_of_it_is_counted_and_cleared_and_nobody_elses_files(cache: Path) -> None:
    mine = [cache / "images" / "ab" / "holiday.png", cache / "weights" / "net.pth"]
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
    (cache / "images" / "album" / "empty").mkdir(parents=True)
    killed = cache / "images" / "ab" / f".{'ab' * 32}.png.123-456.partial"
    killed.touch()
    assert [(part.kind, part.mib) for part in held() if part.kind != "scores"] == [
        ("images", 2.0), ("cards", 1.0), ("features", 1.0),
    ]  # fmt: skip
    with KeptScores() as elsewhere:  # another process has the file open
        assert elsewhere.score("key") == MetricValue(1.0)
        clear()
        assert elsewhere.score("key") is None
    assert [part.files for part in held() if part.kind != "scores"] == [0, 0, 0]
    assert all(path.is_file() for path in mine)
    assert not killed.exists()
    assert (cache / "images" / "album" / "empty").is_dir()
    assert not (cache_folder() / "pins").exists()


def test_the_command_says_what_it_freed(cache: Path, command_line: Command) -> None:
    code, out, _ = command_line("cache", "--json")
    rows = {row["kind"]: row for row in json.loads(out)["rows"]}
    assert (code, rows["images"]["files"], rows["cards"]["files"]) == (0, 2, 1)
    assert rows["images"]["folder"] == str(cache / "images")
    assert "4.0 MiB were freed" in command_line("cache", "--prune")[1]
    assert KeptScores().count() == 0
    rows = {row["kind"]: row for row in json.loads(command_line("cache", "--json")[1])["rows"]}
    assert rows["images"]["files"] == rows["cards"]["files"] == 0
