"""What commands print: strict JSON and aligned tables."""

from __future__ import annotations

import io
import json
import math
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.output import json_document, json_value, print_table
from harness.cli.progress import CellProgress, ImageProgress
from harness.results import Cell

TIME = r"\d\d:\d\d:\d\d"


class Terminal(io.StringIO):
    """What a bar is drawn on."""

    def isatty(self) -> bool:
        """It is one."""
        return True


class Clock:
    """The time that progress sees."""

    seconds = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("harness.cli.progress.time.monotonic", lambda: clock.seconds)
    return clock


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


def test_columns_stay_below_each_other_whatever_the_script(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [{"name": name, "n": 5} for name in ("plain", "モデル", "e\u0301te\u0301")]
    print_table(rows, ["name", "n"])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["name    n", "plain   5", "モデル  5", "e\u0301te\u0301     5"]


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
    assert min(total - done, 19) <= len(lines) <= 27
    if lines:
        assert re.fullmatch(rf"{TIME} \[{done}/{total}\] loading the metrics", lines[0])
        assert re.fullmatch(rf"{TIME} \[{total}/{total}\] {total - 1}\.png", lines[-1])


def test_a_log_cannot_steer_the_terminal_and_quiet_says_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = rf"a note\n{TIME} \[0/1\] loading the metrics\n{TIME} \[1/1\] \\x1b\[2J\.png\n"
    for quiet, expected in ((False, lines), (True, "")):
        with ImageProgress(quiet=quiet) as progress:
            progress.note("a note")
            progress.start(1, 0)
            progress.advance("\x1b[2J.png")
        assert re.fullmatch(expected, capsys.readouterr().err)


def test_the_rate_of_a_log_counts_from_the_first_cell_and_leaves_out_what_was_there(
    capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    with CellProgress(verbose=True) as progress:
        progress.start(30)
        for number in range(10):
            progress.advance(Cell("a", "s", f"{number}"), "reused")
        clock.seconds += 60  # workers start
        for number in range(10, 15):
            progress.advance(Cell("a", "s", f"{number}"), "done")
            clock.seconds += 2
    lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(rf"{TIME} \[0/30\] starting workers", lines[0])
    assert re.fullmatch(rf"{TIME} \[11/30\] a on s/10: done", lines[11])
    assert re.fullmatch(rf"{TIME} \[15/30\] 0\.5 cells/s, 30 s left; a on s/14: done", lines[15])


def test_cells_that_come_at_once_with_the_first_make_no_rate(
    capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    with CellProgress(verbose=True) as progress:
        progress.start(20, 2)
        for number in range(2, 10):  # a chunk
            progress.advance(Cell("a", "s", f"{number}"), "done")
            clock.seconds += 0.001
        clock.seconds += 4 - 8 * 0.001
        for number in range(10, 14):
            progress.advance(Cell("a", "s", f"{number}"), "done")
    lines = capsys.readouterr().err.splitlines()
    assert "[2/20] starting workers" in lines[0]
    assert not [line for line in lines[:9] if "cells/s" in line]
    assert re.fullmatch(rf"{TIME} \[14/20\] 1 cells/s, 6 s left; a on s/13: done", lines[12])


def test_workers_of_a_later_restorer_are_no_part_of_the_rate(
    capsys: pytest.CaptureFixture[str], clock: Clock
) -> None:
    with CellProgress(verbose=True) as progress:
        progress.start(20)
        for restorer in "ab":
            clock.seconds += 60  # its workers start
            for number in range(5):
                progress.advance(Cell(restorer, "s", f"{number}"), "done")
                clock.seconds += 2
            clock.seconds -= 2
    lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(rf"{TIME} \[10/20\] 0\.5 cells/s, 20 s left; b on s/4: done", lines[10])


def test_a_bar_counts_from_the_first_cell_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.cli.progress.sys.stderr", Terminal())
    with CellProgress() as progress:
        progress.start(30)
        for number in range(10):
            progress.advance(Cell("a", "s", f"{number}"), "reused")
        time.sleep(0.3)
        progress.advance(Cell("a", "s", "10"), "done")
        bar = progress._bar
        assert bar is not None
        assert (bar.initial, bar.n) == (11, 11)
        assert bar.format_dict["elapsed"] < 0.3, "not what workers took to start"


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
