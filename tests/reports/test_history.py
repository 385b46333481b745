"""The page of a history: names are escaped, no script runs, every number is in a table.

Steps come first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.results import History, Trend, TrendPoint
from reports.history.charts import chart, short_names
from reports.history.page import HistoryPage, render

HOSTILE = "</title><script>alert(1)</script>\u202e"


def trend(restorer: str, values: list[float], step_at: int | None = None) -> Trend:
    points = []
    for index, value in enumerate(values):
        run, started = f"run{index}", f"2026-01-{index + 1:02}"
        step = (-0.5, True, ("torch: 1, now 2",)) if index == step_at else ()
        points.append(TrendPoint(run, started, value, *step))
    return Trend("night", "noise", "psnr", restorer, "dB", True, 24, tuple(points))


RUNS = tuple(f"run{index}" for index in range(4))


def test_the_step_and_what_changed_are_told_first(tmp_path: Path) -> None:
    history = History((trend("mine", [30, 30, 29.5, 29.5], 2),), RUNS, ("old: evaluation",))
    page = HistoryPage().write(history, tmp_path / "h.html")
    text = page.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["h.html"]
    assert text.index("introduced by") < text.index("<svg")
    assert "1 step, 1 for the worse" in text
    for shown in ("torch: 1, now 2", "−0.50 dB", "29.50", "old: evaluation", 'class="ring worse"'):
        assert shown in text
    assert text.count('<path class="mark"') == 4 + 1, "each run, and the key"


def test_runs_are_named_below_the_axis_and_lines_have_marks_of_their_own() -> None:
    runs = tuple(f"weeks/run{index}.json" for index in range(30))
    points = tuple(TrendPoint(run, str(index), 30.0 + index) for index, run in enumerate(runs))
    trends = [Trend("b", "noise", "psnr", name, "dB", True, 24, points) for name in "abcdef"]
    drawn: Any = chart(trends, runs)
    names = [name for _, name in drawn["names"]]
    assert (names[0], names[-1]) == ("run0", "run29")
    assert len(names) <= 8
    assert len({(line["colour"], line["shape"]) for line in drawn["lines"]}) == 6
    assert len({line["shape"] for line in drawn["lines"]}) == 5
    assert ">run29</text>" in render(History(tuple(trends), runs, ()))


def test_names_are_text_and_nothing_is_fetched() -> None:
    text = render(History((trend(HOSTILE, [30, 31, 32, 33]),), RUNS, (HOSTILE,)))
    assert "<script" not in text
    assert "\u202e" not in text
    assert "default-src 'none'" in text
    assert "http" not in text.replace("http-equiv", "")


def test_a_run_that_a_restorer_missed_is_a_dash_and_infinity_is_no_place_in_a_chart() -> None:
    points = trend("x", [1, 2, 3, 4]).points[2:]
    short = Trend("night", "noise", "psnr", "late", "dB", True, 24, points)
    text = render(History((trend("mine", [30, float("inf"), 30, 30]), short), RUNS, ()))
    assert '<td class="num">–</td>' in text
    assert "∞" in text
    drawn = chart([trend("mine", [30, float("inf"), 30, 30])], RUNS)
    assert drawn is not None
    assert len(drawn["lines"][0]["marks"]) == 3
    assert chart([trend("mine", [float("inf")] * 4)], RUNS) is None
    assert "No step" in render(History((), RUNS, ()))


@pytest.mark.parametrize(
    "values", [[30.0] * 4, [0.0] * 4, [1e-9, 2e-9, 3e-9, 4e-9], [1e9, -1e9, 0, 5]]
)
def test_a_chart_has_room_for_everything(values: list[float]) -> None:
    drawn = chart([trend("mine", values)], RUNS)
    assert drawn is not None
    assert 2 <= len(drawn["ticks"]) <= 12
    assert all(0 <= mark.y <= drawn["height"] for mark in drawn["lines"][0]["marks"])


def test_runs_are_called_by_their_files_where_that_is_clear() -> None:
    assert short_names(["runs/a", "runs/b.json"]) == {"runs/a": "a", "runs/b.json": "b"}
    assert short_names(["x/run", "y/run"]) == {"x/run": "x/run", "y/run": "y/run"}


def test_what_stepped_comes_first() -> None:
    calm, stepped = trend("calm", [1, 2, 3, 4]), trend("mine", [30, 30, 29.5, 29.5], 2)
    calm = Trend("night", "quiet-set", "psnr", "calm", "dB", True, 24, calm.points)
    text = render(History((calm, stepped), RUNS, ()))
    assert text.index("noise: psnr") < text.index("quiet-set: psnr")
