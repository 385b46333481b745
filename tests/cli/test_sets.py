"""`restobench sets`: exit codes, JSON, and the known sets against the data at hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as PillowImage

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
    lines = command_line("sets", "list", "--data", tmp_path)[1].splitlines()
    assert len(lines) == len(rows) + 1
    assert max(map(len, lines)) <= 80, "it fits a screen"
    assert "SelfExSR" in command_line("sets", "list", "--long", "--data", tmp_path)[1]


def test_verify_of_a_set_that_is_right(command_line: CommandLine, data: Path) -> None:
    code, out, _ = command_line("sets", "verify", "set12", "--data", data)
    assert code == 0, out
    assert "12 of 12 images are the pinned ones" in out


def test_verify_names_what_is_wrong(command_line: CommandLine, data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "sets/classic5", tmp_path / "c")
    (tmp_path / "c").chmod(0o755)
    pixels = bytearray((tmp_path / "c/lena.bmp").read_bytes())
    pixels[-1] ^= 1
    (tmp_path / "c/lena.bmp").unlink()
    (tmp_path / "c/lenna.bmp").write_bytes(pixels)
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
    "name",
    [
        *("set5", "set14", "set12", "bsd68", "cbsd68", "bsd100", "kodak24", "mcmaster"),
        *("classic5", "live1", "rni15", "realsrset5"),
    ],
)
def test_pins_and_facts_agree(name: str) -> None:
    known = known_sets.get(name)
    assert known.pinned
    references = [path for path in known.files if not path.startswith("LR_")]
    assert len(references) == known.images
    assert set(known.urls) in (set(), set(known.files))


def test_what_is_not_pinned_is_no_pass(command_line: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "u").mkdir()
    for number in range(100):
        (tmp_path / "u" / f"{number:03}.png").write_bytes(b"")
    code, out, _ = command_line("sets", "verify", "urban100", tmp_path / "u")
    assert code == 3
    assert "not pinned: 100 images are expected, and their content is not checked" in out


def test_a_folder_in_the_place_of_a_name_leads_to_what_recognises_it(
    command_line: CommandLine, tmp_path: Path
) -> None:
    code, _, err = command_line("sets", "verify", tmp_path)
    assert code == 2
    assert f"is a folder: `restobench sets recognise {tmp_path}` says whose images it holds" in err


def test_a_set_is_recognised_by_its_pixels_and_adopted(
    command_line: CommandLine, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "found").mkdir()
    for number, file in enumerate(sorted((data / "sets/classic5").iterdir())):
        PillowImage.open(file).convert("RGB").save(tmp_path / f"found/{number}.png")
    own = ("--data", tmp_path / "data")
    code, out, _ = command_line("sets", "recognise", tmp_path / "found", *own, "--json")
    assert code == 0
    row = {"set": "classic5", "here": 5, "images": 5, "adopted": None}
    assert row in json.loads(out)["rows"]
    (tmp_path / "found" / "4.png").rename(tmp_path / "fifth.png")
    _, _, err = command_line("sets", "recognise", tmp_path / "found", "--adopt", *own)
    assert "classic5 is not adopted: 4 of 5 images are here; " in err
    (tmp_path / "fifth.png").rename(tmp_path / "found" / "4.png")
    code, out, _ = command_line("sets", "recognise", tmp_path / "found", "--adopt", *own)
    assert code == 0
    assert "5 of 5 images are of known sets" in out
    assert command_line("sets", "verify", "classic5", *own)[0] == 0
    names = {path.name for path in (tmp_path / "data/sets/classic5").iterdir()}
    assert names == {"baboon.png", "barbara.png", "boats.png", "lena.png", "peppers.png"}
    (tmp_path / "other").mkdir()
    PillowImage.new("RGB", (9, 9)).save(tmp_path / "other/a.png")
    assert command_line("sets", "recognise", tmp_path / "other", *own)[0] == 3
