"""`restobench sets`: exit codes, JSON, and the known sets against the data at hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.plugins.kinds import known_sets

CommandLine = Callable[..., tuple[int, str, str]]


def test_list_says_what_is_pinned_and_where_to_get_the_rest(
    command_line: CommandLine, tmp_path: Path
) -> None:
    code, out, _ = command_line("sets", "list", "--json", "--data", tmp_path)
    document = json.loads(out)
    rows = {row["name"]: row for row in document["rows"]}
    assert (code, document["schema"]) == (0, "restobench/sets/1")
    assert set(rows) == set(known_sets)
    row = rows["set5"]
    assert (row["images"], row["pinned"], row["here"]) == (5, True, False)
    assert (rows["urban100"]["pinned"], rows["urban100"]["download"]) == (False, False)
    assert all(row["licence"] and row["source"] and row["paper"] for row in rows.values())


def test_verify_of_a_set_that_is_right(command_line: CommandLine, data: Path) -> None:
    code, out, _ = command_line("sets", "verify", "set12", "--data", data)
    assert code == 0, out
    assert "12 of 12 images are the pinned ones" in out


def test_verify_names_what_is_wrong(command_line: CommandLine, data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "sets/classic5", tmp_path / "c")
    (tmp_path / "c").chmod(0o755)
    (tmp_path / "c/lena.bmp").rename(tmp_path / "c/lenna.bmp")
    code, out, _ = command_line("sets", "verify", "classic5", tmp_path / "c")
    assert code == 3
    assert "missing    lena.bmp" in out
    assert "extra      lenna.bmp" in out
    code, out, _ = command_line("sets", "verify", "classic5", tmp_path / "c", "--json")
    assert code == 3
    assert [row["status"] for row in json.loads(out)["rows"]].count("same") == 4


def test_what_cannot_be_fetched_says_where_to_get_it(
    command_line: CommandLine, tmp_path: Path
) -> None:
    code, _, err = command_line("sets", "get", "manga109", "--data", tmp_path)
    assert (code, "get it by hand: manga109.org" in err) == (2, True)
    assert not (tmp_path / "sets").exists()
    code, _, err = command_line("sets", "verify", "set6", tmp_path)
    assert code == 2
    assert "no known set is called 'set6'. Did you mean set5" in err
    assert "restobench sets list" in err


@pytest.mark.parametrize(
    "name", ["set5", "set14", "set12", "bsd68", "kodak24", "classic5", "rni15", "realsrset5"]
)
def test_pins_and_facts_agree(name: str) -> None:
    known = known_sets.get(name)
    assert known.pinned
    references = [path for path in known.files if not path.startswith("LR_")]
    assert len(references) == known.images
    assert set(known.urls) in (set(), set(known.files))
