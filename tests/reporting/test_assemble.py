"""What the engine computes for reports, and where reports are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.protocols import ReportData
from harness.reporting.write import write_run_reports
from harness.results import TradeOff
from reports.html.report import HTMLReport
from reports.markdown import MarkdownReport
from reports.table import CSVReport
from reports.wording import (
    count,
    digits,
    licence_mark,
    number,
    p_value,
    plain,
    rank_range,
    seconds,
    signed,
)


def test_headlines_name_the_leader_of_each_set_and_who_ties(fabricated: ReportData) -> None:
    boards = {(board.set, board.metric): board for board in fabricated.leaderboards}
    assert [line.task for line in fabricated.headlines] == ["denoise", "super-resolve"]
    for line in fabricated.headlines:
        rows = boards[line.set, line.metric].rows
        assert line.metric == "psnr"
        assert set(line.leaders) == {row.restorer for row in rows if row.rank_low == 1}
        assert line.leaders[0] == rows[0].restorer


def test_gaps_to_the_leader_are_differences_of_the_means_shown(fabricated: ReportData) -> None:
    means = {(row["set"], row["metric"], row["restorer"]): row["mean"] for row in fabricated.rows}
    assert fabricated.behind
    for gap in fabricated.behind:
        shown = means[gap.set, gap.metric, gap.restorer] - means[gap.set, gap.metric, gap.versus]
        assert gap.difference == pytest.approx(shown)
        assert gap.verdict != "better"


def test_costs_are_medians_and_maxima(fabricated: ReportData) -> None:
    cost = next(
        item for item in fabricated.costs if (item.restorer, item.set) == ("tv", "photos-sigma25")
    )
    spent = sorted(t.seconds for t in fabricated.data.timings if t.cell.restorer == "tv")
    assert cost.n == len(spent)
    assert spent[0] <= cost.seconds <= spent[-1]
    assert cost.peak_mib == 28.0


def test_pareto_points_are_those_that_nobody_beats_in_both(fabricated: ReportData) -> None:
    assert {item.kind for item in fabricated.trade_offs} == {
        "quality-seconds",
        "quality-parameters",
        "quality-peak_mib",
        "perception-distortion",
    }
    for trade_off in fabricated.trade_offs:
        assert [point.pareto for point in trade_off.points] == [
            _on_front(trade_off, n) for n in range(len(trade_off.points))
        ]


def _on_front(trade_off: TradeOff, index: int) -> bool:
    x_sign = 1 if trade_off.x_higher_is_better else -1
    y_sign = 1 if trade_off.y_higher_is_better else -1
    places = [(x_sign * point.x, y_sign * point.y) for point in trade_off.points]
    mine = places[index]
    return not any(
        other[0] >= mine[0] and other[1] >= mine[1] and other != mine for other in places
    )


def test_reports_go_where_they_are_asked_to(fabricated: ReportData, tmp_path: Path) -> None:
    def write(out: Path | None, *writers: tuple[str, object]) -> list[Path]:
        return write_run_reports(fabricated.data, fabricated.run_folder, writers, out)  # type: ignore[arg-type]

    markdown, csv, page = (
        ("markdown", MarkdownReport()),
        ("csv", CSVReport()),
        ("html", HTMLReport()),
    )
    assert write(None, markdown) == [fabricated.run_folder / "report" / "leaderboard.md"]
    assert write(tmp_path / "x.md", markdown) == [tmp_path / "x.md"]
    assert write(tmp_path / "page.html", page) == [tmp_path / "page.html"]
    both = write(tmp_path / "new" / "folder", csv, page)
    assert both == [
        tmp_path / "new" / "folder" / "leaderboard.csv",
        tmp_path / "new" / "folder" / "index.html",
    ]
    assert all(path.is_file() for path in both)
    with pytest.raises(InputError, match=r"is a file; a csv report goes into"):
        write(tmp_path / "x.md", csv)


@pytest.mark.parametrize(
    ("licence", "mark"),
    [
        ("Apache-2.0", ""),
        ("BSD-3-Clause AND GPL-3.0-only", ""),
        ("CC-BY-NC-SA-4.0", "non-commercial"),
        ("LicenseRef-noncommercial", "non-commercial"),
        ("S-Lab License 1.0", "non-commercial"),
        ("NCSA", ""),
        ("", "unclear"),
        ("unknown", "unclear"),
    ],
)
def test_licences_are_marked(licence: str, mark: str) -> None:
    assert licence_mark(licence) == mark


def test_wording() -> None:
    assert number(-1.005, 2) == "−1.00"
    assert number(float("inf"), 2) == "∞"
    assert number(None, 2) == "–"
    assert (signed(0.25, 2), signed(-0.25, 2)) == ("+0.25", "−0.25")
    assert [seconds(value) for value in (0.0001, 0.0312, 1.239, 45.61, 310.2)] == [
        "<0.001",
        "0.0312",
        "1.24",
        "45.6",
        "310",
    ]
    assert [count(value) for value in (0, 999, 852108, 16_700_000)] == [
        "0",
        "999",
        "852 k",
        "16.7 M",
    ]
    assert [p_value(value) for value in (0.0002, 0.0312, 0.5)] == ["<0.001", "0.031", "0.50"]
    assert (rank_range(2, 2), rank_range(1, 3), rank_range(None, None)) == ("2", "1–3", "–")
    assert (digits({"unit": "dB", "bounds": [None, None]}), digits({"bounds": [0, 1]})) == (2, 4)
    assert plain("a\x1b[31mb\u202ec") == "a�[31mb�c"
