"""Better is better everywhere, whatever the metric's card says.

The better restorer leads in everything we compute.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_run import made_run

from harness.plugins.kinds import metrics
from harness.ranking.aggregation import WAYS, Wishes, aggregate
from harness.ranking.leaderboards import rank_run, versus
from harness.regression.comparison import compare
from harness.regression.measured_run import measured_run
from harness.reporting.assemble import assemble
from harness.results import RunData
from reports.latex import LatexReport
from reports.markdown import MarkdownReport
from reports.table import CSVReport, JSONReport

CARDS = {name: metrics.get(name).card for name in metrics}
DIRECTIONS = {card.higher_is_better for card in CARDS.values()}

gaps = st.floats(0.5, 20.0)


def run_of(metric: str, gap: float, names: tuple[str, str] = ("better", "worse")) -> RunData:
    """Two restorers over 12 images; the first is better by about `gap` on each of them."""
    step = gap if CARDS[metric].higher_is_better else -gap
    values = {
        (name, "s", metric): [50 + place % 5 + shift * (1 + place / 100) for place in range(12)]
        for name, shift in zip(names, (step, 0.0), strict=True)
    }
    return made_run(values, cards=CARDS)


def test_there_are_metrics_of_both_directions() -> None:
    assert sorted(DIRECTIONS) == [False, True]
    assert len(CARDS) > 20


@pytest.mark.parametrize("metric", sorted(CARDS))
def test_the_better_one_is_first_on_the_leaderboard(metric: str) -> None:
    (board,) = rank_run(run_of(metric, 3.0)).boards
    assert [(row.restorer, row.rank, row.rank_high) for row in board.rows] == [
        ("better", 1, 1),
        ("worse", 2, 2),
    ]


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(CARDS)), gaps, st.booleans())
def test_and_in_everything_that_is_computed(metric: str, gap: float, turned: bool) -> None:
    names = ("z", "a") if turned else ("a", "z")  # the order of names must not matter
    data, better = run_of(metric, gap, names), names[0]
    (row,) = versus(rank_run(data), names[1])
    assert (row.restorer, row.verdict) == (better, "better")
    for how in WAYS:
        if how != "ntire-efficiency":
            assert aggregate(data, how, Wishes({metric: 1.0}))[0]["restorer"] == better, how
    report = assemble(data, Path())
    assert report.headlines[0].leaders == (better,)
    assert report.pair_tests[0].restorer == better
    assert report.critical_differences[0].restorers[0] == better
    assert report.stability[0].ranges[0].restorer == better
    assert report.behind[0].verdict == "worse"


@pytest.mark.parametrize("direction", sorted(DIRECTIONS))
def test_and_in_every_report(direction: bool, tmp_path: Path) -> None:
    cards = sorted(CARDS.items())
    metric = next(name for name, card in cards if card.higher_is_better is direction)
    report = assemble(run_of(metric, 3.0), tmp_path)
    document = json.loads(JSONReport().write(report, tmp_path / "a.json").read_text())
    assert [row["restorer"] for row in document["rows"] if row["rank"] == 1] == ["better"]
    frame = pandas.read_csv(CSVReport().write(report, tmp_path / "a.csv"))
    assert frame[frame["rank"] == 1]["restorer"].tolist() == ["better"]
    markdown = MarkdownReport().write(report, tmp_path / "a.md").read_text()
    bold = [line.split(" | ")[0] for line in markdown.splitlines() if "**" in line]
    assert bold == ["| better"] * 2, "sets side by side, and each with its ranks"
    latex = LatexReport().write(report, tmp_path / "a.tex").read_text()
    assert [line.split(" & ")[0] for line in latex.splitlines() if r"\textbf" in line] == ["better"]
    assert (r"\uparrow" in latex) is direction


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(CARDS)), gaps)
def test_and_for_the_regression_check(metric: str, gap: float) -> None:
    good, bad = (run_of(metric, size, ("one", "other")) for size in (gap + 30, gap))
    for now, before, expected in ((bad, good, "regressed"), (good, bad, "improved")):
        rows = compare(measured_run(now), measured_run(before)).findings
        own = [row for row in rows if (row.restorer, row.metric) == ("one", metric)]
        (verdict,) = {str(row.verdict) for row in own}
        assert verdict == expected
