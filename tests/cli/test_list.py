"""`restobench list`: what is installed and whether it is usable here."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from harness.cli.listing import KINDS
from harness.dri.metric import Dri
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
        heading, *lines = command_line("list", kind)[1].partition("\n\n")[0].splitlines()
        assert heading.startswith(f"{kind} ({len(names)}")
        assert [line.split("  ")[0] for line in lines] == names
        assert max(map(len, lines)) <= 80


def test_metrics_say_what_they_learnt_from_and_under_which_terms(
    command_line: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"name": name, "usable": True, "needs_reference": False, "higher_is_better": True,
         "kind": "metric", "state": "present", "licence": licence}
        for name, licence in (
            ("dri", Dri.card.licence), ("one", "MIT; weights of X"), ("bare", "MIT"),
            ("two", "MIT; weights of X"), ("long", "MIT; " + "word " * 200), ("none", None),
        )
    ]  # fmt: skip
    monkeypatch.setattr("harness.cli.listing.list_plugins", lambda _: rows)
    _, _, below = command_line("list", "metrics")[1].partition("\n\n")
    assert max(map(len, below.splitlines())) <= 80
    assert below.startswith(
        "terms of what they hold or learnt from:\n"
        "  dri: Apache-2.0; trained on LIVE in the Wild (University of Texas at Austin),\n"
        "    and on BIQ2021 and SR4KIQA, published for research without terms\n"
        "  one, two: MIT; weights of X\n  long: MIT; word word"
    )
    assert below.endswith("word ...\n")
    assert len(below.splitlines()) == 8
    assert "bare" not in below


def test_the_shipped_scorers_say_so_too_and_other_kinds_have_no_terms(
    command_line: Command,
) -> None:
    _, _, below = command_line("list", "metrics")[1].partition("\n\n")
    said = " ".join(below.split())
    assert "dri: Apache-2.0; trained on LIVE in the Wild" in said
    assert "BIQ2021 and SR4KIQA, published for research without terms dri-stated-terms: " in said
    assert "terms of what" not in command_line("list", "sets")[1]
