"""CSV, Parquet, JSON, Markdown and LaTeX say what the leaderboards say; no name is obeyed."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pandas
import pytest
from fabricated_run import hostile

from harness.errors import InputError
from harness.protocols.report import ReportData
from harness.reporting.assemble import assemble
from harness.results import SetStanding
from reports.latex import LatexReport
from reports.latex import escape as escape_latex
from reports.markdown import MarkdownReport
from reports.markdown import escape as escape_markdown
from reports.paper import paper_tables
from reports.table import (
    COMPUTED,
    RANK_COLUMNS,
    SCORE_COLUMNS,
    CSVReport,
    JSONReport,
    ParquetReport,
)

DOCS = Path(__file__).parents[2] / "docs" / "results-format.md"


def test_csv_and_parquet_hold_the_same_leaderboard(fabricated: ReportData, tmp_path: Path) -> None:
    csv = pandas.read_csv(CSVReport().write(fabricated, tmp_path / "a.csv"), keep_default_na=True)
    parquet = pandas.read_parquet(ParquetReport().write(fabricated, tmp_path / "a.parquet"))
    assert tuple(csv.columns) == tuple(parquet.columns) == RANK_COLUMNS
    assert len(csv) == len(parquet) == len(fabricated.rows)
    assert csv["mean"].tolist() == pytest.approx(parquet["mean"].tolist(), nan_ok=True)
    best = csv[(csv["set"] == "photos-x2") & (csv["metric"] == "psnr") & (csv["rank"] == 1)]
    assert best["restorer"].tolist() == [fabricated.headlines[1].leaders[0]]
    assert str(parquet["rank"].dtype) == "Int64"


def test_the_scores_of_every_image_lie_beside_it(fabricated: ReportData, tmp_path: Path) -> None:
    CSVReport().write(fabricated, tmp_path / "a.csv")
    scores = pandas.read_csv(tmp_path / "a-scores.csv")
    assert tuple(scores.columns) == SCORE_COLUMNS
    expected = [score.value for score in fabricated.data.scores]
    assert scores["value"].tolist() == pytest.approx(expected)


def test_a_spreadsheet_gets_no_formula(fabricated: ReportData, tmp_path: Path) -> None:
    data = hostile(fabricated.data, '=HYPERLINK("http://x")', "x.png")
    text = CSVReport().write(assemble(data, fabricated.run_folder), tmp_path / "a.csv").read_text()
    frame = pandas.read_csv(tmp_path / "a.csv")
    texts = ("benchmark", "restorer", "unit", "licence")
    cells = [cell for name in texts for cell in frame[name].dropna()]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert not re.search(r'(^|,)"?=', text, re.MULTILINE)


def test_json_is_strict_and_complete(fabricated: ReportData, tmp_path: Path) -> None:
    first, *others = fabricated.data.scores
    data = replace(fabricated.data, scores=(replace(first, value=math.inf), *others))
    path = JSONReport().write(assemble(data, fabricated.run_folder), tmp_path / "a.json")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    document = json.loads(path.read_text(), parse_constant=refuse)
    assert document["schema"] == "restobench/report/1"
    assert document["scores"][0]["value"] == "inf"
    assert len(document["rows"]) == len(fabricated.rows)
    assert len(document["failures"]) == len(data.failures)
    assert document["plan"]["evaluation"]["hash"] == "a1b2c3d4e5f6"


def test_every_column_is_documented() -> None:
    text = DOCS.read_text()
    missing = [name for name in (*RANK_COLUMNS, *SCORE_COLUMNS) if f"`{name}`" not in text]
    assert not missing


def test_markdown_bolds_the_best_of_each_column_and_aligns_its_cells(
    fabricated: ReportData, tmp_path: Path
) -> None:
    text = MarkdownReport().write(fabricated, tmp_path / "a.md").read_text()
    for board in fabricated.leaderboards:
        best = board.rows[0]
        part = text.split(f"## {board.set} ")[1].splitlines()
        line = next(line for line in part if line.startswith(f"| {best.restorer} "))
        assert f"**{best.mean:.{2 if board.metric == 'psnr' else 4}f}**" in line
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1
    assert "## Failures" in text
    assert "## Skipped" in text


@pytest.mark.parametrize(
    "name",
    ["a|b", "<script>alert(1)</script>", "![x](http://x/y.png)", "a\nb\r# c", "`x`", "**x**"],
)
def test_markdown_names_are_inert(name: str) -> None:
    text = escape_markdown(name)
    assert "\n" not in text
    assert "<" not in text
    assert not re.search(r"(?<!\\)[|`*\[\]!]", text)
    assert "http://" not in text


def test_latex_marks_best_and_second(fabricated: ReportData, tmp_path: Path) -> None:
    text = LatexReport().write(fabricated, tmp_path / "a.tex").read_text()
    board = next(board for board in fabricated.leaderboards if board.metric == "psnr")
    assert rf"\textbf{{{board.rows[0].mean:.2f}}}" in text
    assert rf"\underline{{{board.rows[1].mean:.2f}}}" in text
    assert text.count(r"\toprule") == text.count(r"\end{tabular}") == 2
    assert text.count("{") == text.count("}")


def test_second_best_is_underlined_even_below_a_tie_and_intervals_may_be_left_out(
    fabricated: ReportData, tmp_path: Path
) -> None:
    of_psnr = [board for board in fabricated.leaderboards if board.metric == "psnr"]
    board = next(board for board in of_psnr if len(board.rows) > 2)
    first, second, *rest = board.rows
    rows = [first, replace(second, rank=1, mean=first.mean), *rest]
    tied = replace(fabricated, leaderboards=(replace(board, rows=tuple(rows)),), intervals=False)
    text = LatexReport().write(tied, tmp_path / "a.tex").read_text()
    assert text.count(r"\textbf{") == 2
    assert rf"\underline{{{rows[2].mean:.2f}}}" in text
    assert r"\scriptsize" not in text
    markdown = MarkdownReport().write(tied, tmp_path / "a.md").read_text()
    assert "±" not in markdown
    assert "±" in MarkdownReport().write(fabricated, tmp_path / "b.md").read_text()
    assert r"\scriptsize" not in LatexReport().write(fabricated, tmp_path / "b.tex").read_text()
    asked = replace(fabricated, intervals=True)
    assert r"\scriptsize" in LatexReport().write(asked, tmp_path / "c.tex").read_text()


def with_sets(fabricated: ReportData) -> ReportData:
    """As a run that has a metric of sets as well."""
    standing = SetStanding("photos", "fid", "=a|b", False, 3.5, 3.25, 3.75)
    return replace(fabricated, set_standings=(standing,))


def test_json_holds_everything_that_was_computed(fabricated: ReportData, tmp_path: Path) -> None:
    report = with_sets(fabricated)
    document = json.loads(JSONReport().write(report, tmp_path / "a.json").read_text())
    for key, field in COMPUTED.items():
        assert len(document[key]) == len(getattr(report, field)) > 0, key
    test = document["pair_tests"][0]
    assert (test["p"] <= 0.05) is (test["ci_low"] > 0 or test["ci_high"] < 0)


def test_every_key_of_the_json_document_is_documented(
    fabricated: ReportData, tmp_path: Path
) -> None:
    report = with_sets(fabricated)
    document = json.loads(JSONReport().write(report, tmp_path / "a.json").read_text())
    keys = set(document)
    for name in COMPUTED:
        keys |= set(document[name][0])
    keys |= set(document["stability"][0]["ranges"][0])
    text = DOCS.read_text()
    assert not sorted(key for key in keys if f"`{key}`" not in text)


def test_metrics_of_sets_have_tables_of_their_own(fabricated: ReportData, tmp_path: Path) -> None:
    report = with_sets(fabricated)
    markdown = MarkdownReport().write(report, tmp_path / "a.md").read_text()
    assert "| photos | fid ↓ | =a\\|b | 3.5000 | 3.2500 to 3.7500 | – |  |" in markdown
    CSVReport().write(report, tmp_path / "a.csv")
    assert "photos,fid,'=a|b,False,3.5" in (tmp_path / "a-sets.csv").read_text()
    ParquetReport().write(report, tmp_path / "a.parquet")
    assert pandas.read_parquet(tmp_path / "a-sets.parquet")["value"].tolist() == [3.5]
    CSVReport().write(fabricated, tmp_path / "b.csv")
    assert not (tmp_path / "b-sets.csv").exists()


def test_papers_have_sets_side_by_side_and_scales_below_each_other(
    fabricated: ReportData, tmp_path: Path
) -> None:
    run = fabricated.data.run
    known = fabricated.leaderboards
    planned = run.plan.sets["photos-x2"]
    times2, times4 = (replace(planned, conditions={"scale": scale}) for scale in (2, 4))
    sets = {"photos-x2": times2, "photos-x4": times4, "city-x4": times4}
    boards = [board for board in known if board.set == "photos-x2"]
    more = [replace(board, set=name) for name in ("photos-x4", "city-x4") for board in boards]
    rows = [{**row, "set": name} for name in ("photos-x4", "city-x4") for row in fabricated.rows]
    wide = replace(
        fabricated,
        data=replace(fabricated.data, run=replace(run, plan=replace(run.plan, sets=sets))),
        leaderboards=(*known, *more),
        rows=(*({**row, "task": "super-resolve"} for row in rows), *fabricated.rows),
        intervals=False,
    )
    [table] = [table for table in paper_tables(wide) if table.task == "super-resolve"]
    assert [name for name, _ in table.columns] == ["photos", "city"]
    assert list(table.blocks) == ["x2", "x4"]
    assert {len(row.cells) for rows in table.blocks.values() for row in rows} == {2}
    assert all(row.cells[1][0].text == "–" for row in table.blocks["x2"]), "there is no city-x2"
    leader = next(board for board in boards if board.metric == "psnr").rows[0]
    figure = table.blocks["x4"][0].cells[0][0]
    assert (figure.text, figure.place) == (f"{leader.mean:.2f}", "best")
    asked = replace(wide, columns=("psnr", "seconds"), digits=3)
    text = LatexReport().write(asked, tmp_path / "a.tex").read_text()
    assert rf"\textbf{{{leader.mean:.3f}}}" in text
    assert r"\label{tab:fabricated-super-resolve}" in text
    with pytest.raises(InputError, match="no column 'speed'; there are"):
        paper_tables(replace(wide, columns=("speed",)))


def test_an_interval_that_ends_at_a_bound_is_printed_with_both_sides(
    fabricated: ReportData, tmp_path: Path
) -> None:
    board = next(board for board in fabricated.leaderboards if board.metric == "psnr")
    ends = ((0.9, 0.5, 1.0), (0.8, 0.7, 0.9))
    rows = [
        replace(row, mean=mean, ci_low=low, ci_high=high)
        for row, (mean, low, high) in zip(board.rows, ends, strict=False)
    ]
    uneven = replace(
        fabricated, leaderboards=(replace(board, rows=tuple(rows)),), intervals=True, digits=1
    )
    text = LatexReport().write(uneven, tmp_path / "a.tex").read_text()
    assert r"0.9} {\scriptsize$^{+0.1}_{-0.4}$}" in text
    assert r"0.8} {\scriptsize$\pm$0.1}" in text
    told = MarkdownReport().write(uneven, tmp_path / "a.md").read_text()
    assert " +0.10 −0.40 " in told
    assert " ± 0.10 " in told


@pytest.mark.parametrize(
    "name", [r"\input{/etc/passwd}", "a_b & c%d", "[3cm]", "*x", "$x$", "a~b^c#d"]
)
def test_latex_names_are_inert(name: str) -> None:
    text = escape_latex(name)
    plain = re.sub(r"\\(text[a-z]+\{\}|[&%$#_{}])|\{[\[\]*]\}", "", text)
    assert not re.search(r"[\\&%$#_{}~^\[\]*]", plain)
