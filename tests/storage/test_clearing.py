"""What the cache holds, and throwing it away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.storage.clearing import clear, held
from harness.storage.places import cache_folder

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("IMAGE_CACHE", "SCORE_CACHE", "CARD_CACHE"):
        monkeypatch.delenv(f"RESTOBENCH_{name}", raising=False)
    monkeypatch.setenv("RESTOBENCH_CACHE", str(tmp_path))
    for name in (f"images/ab/{'ab' * 32}.png", f"images/pins/ab/{'cd' * 32}.json",
                 f"cards/{'ef' * 32}.json", "scores/scores-1.sqlite"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(2**20))
    return tmp_path


def test_all_of_it_is_counted_and_cleared_and_nobody_elses_files(cache: Path) -> None:
    mine = [cache / "images" / "ab" / "holiday.png", cache / "weights" / "net.pth"]
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
    assert [(part.kind, part.files, part.mib) for part in held()] == [
        ("images", 2, 2.0), ("scores", 1, 1.0), ("cards", 1, 1.0),
    ]  # fmt: skip
    clear()
    assert sum(part.files for part in held()) == 0
    assert all(path.is_file() for path in mine)
    assert not (cache_folder() / "pins").exists()


def test_the_command_says_what_it_freed(cache: Path, command_line: Command) -> None:
    code, out, _ = command_line("cache", "--json")
    rows = json.loads(out)["rows"]
    assert (code, [row["files"] for row in rows]) == (0, [2, 1, 1])
    assert rows[0]["folder"] == str(cache / "images")
    assert "4.0 MiB were freed" in command_line("cache", "--prune")[1]
    assert json.loads(command_line("cache", "--json")[1])["rows"][0]["files"] == 0
