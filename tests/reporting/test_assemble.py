"""What the engine computes for reports, and where reports are written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.protocols.report import Report, ReportData
from harness.reporting.assemble import assemble
from harness.reporting.write import write_reports
from harness.results import SIGNIFICANT, Restored, Spent, TradeOff
from reports.html.report import HTMLReport
from reports.markdown import MarkdownReport
from reports.table import CSVReport


def test_headlines_name_the_leader_of_each_set_and_who_ties(fabricated: ReportData) -> None:
    boards = {(board.set, board.metric): board for board in fabricated.leaderboards}
    assert [line.task for line in fabricated.headlines] == ["denoise", "super-resolve"]
    for line in fabricated.headlines:
        rows = boards[line.set, line.metric].rows
        assert line.metric == "psnr"
        level = {row.restorer for row in rows[1:] if row.ties_best}
        assert all(row.p is None or row.p > SIGNIFICANT for row in rows if row.ties_best)
        assert set(line.leaders[1:]) == level
        assert line.leaders[0] == rows[0].restorer


def test_gaps_to_the_leader_are_differences_of_the_means_shown(fabricated: ReportData) -> None:
    means = {(row["set"], row["metric"], row["restorer"]): row["mean"] for row in fabricated.rows}
    assert fabricated.behind
    for gap in fabricated.behind:
        shown = means[gap.set, gap.metric, gap.restorer] - means[gap.set, gap.metric, gap.versus]
        assert gap.difference == pytest.approx(shown)
        assert gap.verdict != "better"


def test_costs_are_medians_and_maxima(fabricated: ReportData) -> None:
    noise, costs = "photos-sigma25", fabricated.costs
    cost = next(item for item in costs if (item.restorer, item.set) == ("tv", noise))
    spent = sorted(
        image.spent.seconds for image in fabricated.data.restored if image.cell.restorer == "tv"
    )
    assert cost.n == len(spent)
    assert spent[0] <= cost.seconds <= spent[-1]
    assert (cost.peak_mib, cost.growth_mib) == (28.0, 14.0)
    assert (cost.size, cost.threads, cost.beside) == ("128x128", 1, 0)
    [note] = fabricated.cost_notes[noise]
    assert note == "seconds: median after warm-up, cpu, 1 thread, fp32, 128x128"


def test_who_was_timed_beside_others_is_in_no_order_by_time(fabricated: ReportData) -> None:
    def busy(image: Restored) -> Restored:
        beside = 3 if image.cell.restorer in ("tv", "bicubic") else 0
        return replace(image, spent=replace(image.spent, beside=beside))

    data = fabricated.data
    report = assemble(
        replace(data, restored=tuple(map(busy, data.restored))), fabricated.run_folder
    )
    points = {
        item.kind: {point.restorer for point in item.points}
        for item in report.trade_offs
        if item.set == "photos-sigma25"
    }
    assert points["quality-peak_mib"] - points["quality-seconds"] == {"tv"}
    assert points["quality-seconds"] > {"identity", "wavelet"}
    _, note = report.cost_notes["photos-sigma25"]
    assert note.startswith("not ranked by time: tv; ")
    assert "--workers 1" in note
    by_name = {row["restorer"]: row for row in report.rows if row["set"] == "photos-sigma25"}
    assert (by_name["tv"]["beside"], by_name["identity"]["beside"]) == (3, 0)
    markdown = MarkdownReport().write(report, fabricated.run_folder / "beside.md").read_text()
    assert "(beside 3 more)" in markdown
    assert markdown.count("not ranked by time: ") == 2


def test_runs_of_older_versions_have_a_gap_for_the_peak(fabricated: ReportData) -> None:
    data = fabricated.data
    older = tuple(
        replace(image, spent=Spent(image.spent.seconds, None, image.spent.growth_mib))
        for image in data.restored
    )
    report = assemble(replace(data, restored=older), fabricated.run_folder)
    kinds = {item.kind for item in report.trade_offs}
    assert not kinds & {"quality-peak_mib", "quality-seconds"}
    assert {row["peak_mib"] for row in report.rows} == {None}
    notes = report.cost_notes["photos-sigma25"]
    assert notes[0] == "seconds: median after warm-up, cpu"
    assert notes[1].startswith("not ranked by time: all; ")
    assert notes[2].startswith("no peak of memory: all; ")


def test_pareto_points_are_those_that_nobody_beats_in_both(fabricated: ReportData) -> None:
    kinds = {item.kind for item in fabricated.trade_offs}
    quality = {"quality-seconds", "quality-parameters", "quality-peak_mib"}
    assert kinds == quality | {"perception-distortion"}
    for trade_off in fabricated.trade_offs:
        points = trade_off.points
        on_front = [_on_front(trade_off, index) for index in range(len(points))]
        assert [point.pareto for point in points] == on_front


def _on_front(trade_off: TradeOff, index: int) -> bool:
    x_sign = 1 if trade_off.x_higher_is_better else -1
    y_sign = 1 if trade_off.y_higher_is_better else -1
    places = [(x_sign * point.x, y_sign * point.y) for point in trade_off.points]
    x, y = places[index]
    return not any(other[0] >= x and other[1] >= y and other != (x, y) for other in places)


def test_reports_go_where_they_are_asked_to(fabricated: ReportData, tmp_path: Path) -> None:
    def write(out: Path | None, *writers: tuple[str, Report]) -> list[Path]:
        return write_reports(fabricated, dict(writers), out)

    markdown, csv = ("markdown", MarkdownReport()), ("csv", CSVReport())
    page = ("html", HTMLReport())
    assert write(None, markdown) == [fabricated.run_folder / "report" / "leaderboard.md"]
    assert write(tmp_path / "x.md", markdown) == [tmp_path / "x.md"]
    assert write(tmp_path / "page.html", page) == [tmp_path / "page.html"]
    folder = tmp_path / "new" / "folder"
    both = write(folder, csv, page)
    assert both == [folder / "leaderboard.csv", folder / "index.html"]
    assert all(path.is_file() for path in both)
    with pytest.raises(InputError, match=r"is a file; a csv report goes into"):
        write(tmp_path / "x.md", csv)
