"""`restobench list`: what is installed and whether it is usable here."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from harness.cli.listing import KINDS
from harness.plugins.kinds import restorers

Command = Callable[..., tuple[int, str, str]]

COMMON = {"kind", "name", "usable", "reason", "distribution", "licence"}
MORE = {
    "restorers": {"tasks", "scale", "parameters"},
    "metrics": {"needs_reference", "higher_is_better"},
    "benchmarks": {"sets", "images"},
    "sets": {"sets", "images", "pinned"},
    "reports": set(),
    "degradations": {"parameters"},
    "executors": set(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_have_the_documented_keys(command_line: Command, kind: str) -> None:
    code, out, _ = command_line("list", kind, "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "restobench/list/1")
    for row in document["rows"]:
        assert row.keys() >= COMMON | MORE[kind]
        assert row["kind"].removeprefix("set_") == kind.removesuffix("s")
        assert row["usable"] == (row["reason"] is None)
        assert row["distribution"].startswith("restobench ")


def test_what_is_missing_comes_with_the_command_that_mends_it(
    command_line: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("RESTOBENCH_CACHE", str(tmp_path))
    listed = json.loads(command_line("list", "restorers", "--json")[1])
    rows = {row["name"]: row for row in listed["rows"]}
    assert rows.keys() == set(restorers)
    assert rows["bicubic"]["usable"]
    assert "restobench zoo get ffdnet" in rows["ffdnet"]["reason"]
    assert rows["dat-light"]["scale"] == [2, 3, 4]


def test_the_table_shows_every_kind(command_line: Command) -> None:
    code, out, _ = command_line("list", "--long")
    assert code == 0
    assert all(f"\n{kind} (" in out for kind in KINDS)


def test_a_list_fits_a_screen_and_one_of_a_kind_has_a_line_each(command_line: Command) -> None:
    code, out, _ = command_line("list")
    lines = out.splitlines()
    assert code == 0
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert all(any(line.startswith(f"{kind} (") for line in lines) for kind in KINDS)
    for kind in KINDS:
        names = [row["name"] for row in json.loads(command_line("list", kind, "--json")[1])["rows"]]
        heading, *lines = command_line("list", kind)[1].splitlines()
        assert heading.startswith(f"{kind} ({len(names)}")
        assert [line.split("  ")[0] for line in lines] == names
        assert max(map(len, lines)) <= 80
