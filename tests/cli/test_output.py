"""What commands print: strict JSON and aligned tables."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.output import json_document, json_value, print_table
from harness.cli.progress import ImageProgress

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_every_value_fits_strict_json(value: object) -> None:
    rows = json.loads(json_document("anything", [{"value": value}]))["rows"]
    assert rows == json.loads(json.dumps([{"value": json_value(value)}], allow_nan=False))


def test_infinity_and_nan() -> None:
    assert json_value([math.inf, -math.inf, math.nan, 1.5]) == ["inf", "-inf", None, 1.5]


def test_table_aligns_and_drops_empty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"name": "a", "value": 1.23456, "note": None},
        {"name": "longer", "value": math.inf, "note": None},
    ]
    print_table(rows, ["name", "value", "note"])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["name    value", "a       1.235", "longer    inf"]


def test_table_of_nothing_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([], ["name"])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("total", "done"), [(463, 0), (463, 63), (25, 0), (3, 0), (7, 7)])
def test_a_log_says_how_far_it_is_in_about_twenty_lines(
    capsys: pytest.CaptureFixture[str], total: int, done: int
) -> None:
    with ImageProgress(quiet=False) as progress:
        progress.start(total, done)
        for number in range(done, total):
            progress.advance(f"{number}.png")
    lines = capsys.readouterr().err.splitlines()
    assert min(total - done, 19) <= len(lines) <= 26
    if lines:
        assert lines[-1] == f"[{total}/{total}] {total - 1}.png"


def test_a_log_cannot_steer_the_terminal_and_quiet_says_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for quiet, expected in ((False, "a note\n[1/1] \\x1b[2J.png\n"), (True, "")):
        with ImageProgress(quiet=quiet) as progress:
            progress.note("a note")
            progress.start(1, 0)
            progress.advance("\x1b[2J.png")
        assert capsys.readouterr().err == expected


def test_a_terminal_has_a_bar(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with ImageProgress(quiet=False) as progress:
        progress.start(4, 1)
        progress.note("a note")
        progress.advance("a.png")
    err = capsys.readouterr().err
    assert "2/4" in err.splitlines()[-1].rpartition("\r")[2]
    assert "a note\n" in err
    assert "a.png" not in err
