"""`restobench rank` and `restobench report` over a run in a real store."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import harness
from harness.cli.rank import rank
from harness.cli.report import report
from harness.errors import InputError, StoreError
from harness.regression.measured_run import load_measured
from harness.results import Cell, Failure, FailureKind, Restored, Score, Skipped, Spent, caution
from harness.storage.store import FILENAME, Store, load_run

KEYS = {
    "benchmark", "set", "metric", "restorer", "rank", "rank_low", "rank_high", "mean", "ci_low",
    "ci_high", "n", "failures",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two restorers over 8 images by two metrics; one failure, and no images on disk.

    By one of the metrics lower is better.
    """
    with Store(tmp_path / "run", create=True) as store:
        card = {"licence": "MIT", "parameters": 0}
        store.set_meta(
            id="0" * 12,
            started="2025-01-31T12:00:00+00:00",
            status="finished",
            environment={"python": "3.11"},
            plan={
                "benchmark": "bench",
                "sets": {"s": {"task": "denoise"}},
                "metrics": ["psnr", "error"],
            },
            restorers={"good": card, "bad\x1b[31m": card},
            metrics={
                "psnr": {"higher_is_better": True, "unit": "dB"},
                "error": {"higher_is_better": False},
            },
        )
        for place, name in enumerate(("good", "bad\x1b[31m")):
            for index in range(8):
                cell = Cell(name, "s", f"i{index}")
                path = f"restored/{name}/{index}.png"
                image = Restored(cell, path, "h", Spent(0.5 + place, 10.0, 4.0), "f", "d")
                values = {"psnr": 30.0 - place + index / 10, "error": 1.0 + place + index / 10}
                scores = [Score(cell, metric, value) for metric, value in values.items()]
                store.add_scores(scores, [], {"psnr": "1", "error": "1"}, image)
        store.add_failure(Failure(Cell("good", "s", "i8"), FailureKind.TIMEOUT, "too slow"))
    return tmp_path / "run"


def invoke(command: click.Command, *arguments: str | Path) -> Result:
    result = CliRunner().invoke(command, [str(part) for part in arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def rows_of(run: Path, *options: str) -> list[dict[str, Any]]:
    """The rows that `rank` prints as JSON."""
    rows: list[dict[str, Any]] = json.loads(invoke(rank, run, *options, "--json").output)["rows"]
    return rows


def test_json_has_the_documented_keys_and_one_row_a_set_metric_and_restorer(folder: Path) -> None:
    document = json.loads(invoke(rank, folder, "--json").output)
    assert document["schema"] == "restobench/rank/1"
    assert all(row.keys() >= KEYS for row in document["rows"])
    best = {row["metric"]: row for row in document["rows"] if row["rank"] == 1}
    assert len(document["rows"]) == 4
    assert best["psnr"]["restorer"] == best["error"]["restorer"] == "good"
    assert best["psnr"]["mean"] == pytest.approx(30.35)
    assert (best["psnr"]["n"], best["psnr"]["failures"], best["psnr"]["seconds"]) == (8, 1, 0.5)
    assert (best["psnr"]["rank_low"], best["psnr"]["rank_high"]) == (1, 1)


def test_the_table_is_by_the_first_metric_and_steers_no_terminal(folder: Path) -> None:
    result = invoke(rank, folder)
    assert result.return_value == 0
    assert "s (denoise), 8 images, by psnr\n" in result.output
    assert "psnr in dB: higher is better; error: lower is better\n" in result.output
    assert "fewer than 24 images" in result.output
    assert "\x1b[31m" not in result.output
    assert result.output.index("good") < result.output.index("bad")
    assert "s (denoise), 8 images, by error\n" in invoke(rank, folder, "--by", "error").output


@pytest.mark.parametrize(
    ("images", "note"),
    [
        (5, "5 images: ranks, intervals and p assume normally distributed differences"),
        (1, "one image: ranks are by its scores alone, and nothing is told apart"),
        (6, "fewer than 24 images: intervals and ranks are rough"),
        (24, ""),
        (0, ""),
    ],
)
def test_what_few_images_mean(images: int, note: str) -> None:
    assert caution(images).startswith(note)
    assert bool(caution(images)) is bool(note)


def test_versus_adds_difference_interval_and_p(folder: Path) -> None:
    rows = rows_of(folder, "--versus", "good", "--by", "psnr")
    by_name = {row["restorer"]: row for row in rows}
    bad = by_name["bad\x1b[31m"]
    assert bad["difference"] == pytest.approx(-1.0)
    interval = [bad["difference_low"], bad["difference_high"]]
    assert interval == pytest.approx([-1.0, -1.0])
    assert bad["p"] == pytest.approx(2 / 2**8)
    assert (bad["verdict"], bad["versus"], bad["n_pairs"]) == ("worse", "good", 8)
    assert by_name["good"]["difference"] is None
    assert "each minus good" in invoke(rank, folder, "--versus", "good").output


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--by", "ssim"), "no metric 'ssim'; it has psnr, error"),
        (("--set", "t"), "no set 't'; it has s"),
        (("--versus", "x"), "no restorer 'x'; it has"),
    ],
)
def test_unknown_names_are_answered_with_the_known_ones(
    folder: Path, option: tuple[str, str], message: str
) -> None:
    with pytest.raises(Exception, match=message):
        invoke(rank, folder, *option)


def test_versus_a_restorer_that_nobody_is_ranked_beside(folder: Path) -> None:
    with Store(folder, create=True) as store:
        idle = {"licence": "MIT", "parameters": 0}
        store.set_meta(restorers={"good": idle, "bad\x1b[31m": idle, "idle": idle})
    assert "nobody is ranked beside idle" in invoke(rank, folder, "--versus", "idle").output
    assert "nobody is ranked" not in invoke(rank, folder, "--versus", "good").output


def test_reports_are_written_and_named(folder: Path, tmp_path: Path) -> None:
    result = invoke(report, folder)
    assert result.output.strip() == str(folder / "report" / "index.html")
    assert "good" in (folder / "report" / "index.html").read_text()
    formats = ("markdown", "csv", "parquet", "latex", "json")
    options = [part for name in formats for part in ("--format", name)]
    options += ["--out", str(tmp_path / "out"), "--title", "T"]
    written = invoke(report, folder, *options).output.split()
    assert [Path(path).suffix for path in written] == [".md", ".csv", ".parquet", ".tex", ".json"]
    assert all(Path(path).is_file() for path in written)
    assert Path(written[0]).read_text().startswith("# T\n")


def test_a_table_of_a_paper_has_the_columns_and_digits_that_are_asked_for(folder: Path) -> None:
    written = invoke(report, folder, "--format", "latex", "--intervals").output.strip()
    assert r"\pm" in Path(written).read_text()
    table = ("--format", "latex", "--no-intervals", "--columns", "psnr, seconds", "--digits", "3")
    text = Path(invoke(report, folder, *table).output.strip()).read_text()
    assert re.search(r"textbf\{\d+\.\d{3}\}", text)
    assert "method & s & " in text
    with pytest.raises(InputError, match="no column 'speed'; there are"):
        invoke(report, folder, "--format", "latex", "--columns", "speed")


def test_a_report_shows_what_became_of_a_baseline(folder: Path, tmp_path: Path) -> None:
    shown = ("--format", "markdown", "--format", "json", "--notes", "A note")
    written = invoke(report, folder, *shown, "--baseline", folder, "--out", tmp_path / "out").output
    markdown, document = (Path(path) for path in written.split())
    assert "## Against " in markdown.read_text()
    assert "A note" in markdown.read_text()
    findings = json.loads(document.read_text())["comparison"]["findings"]
    verdicts = {finding["verdict"] for finding in findings if finding["metric"] == "psnr"}
    assert verdicts <= {"equal", "same"}


def test_complete_ranks_only_those_with_every_image(folder: Path) -> None:
    with Store(folder, create=True) as store:
        lost = Cell("bad\x1b[31m", "s", "i7")
        store.add_failure(Failure(lost, FailureKind.RAISED, "no"))
    rows = rows_of(folder, "--require-complete", "--by", "psnr")
    assert [(row["restorer"], row["rank"], row["n"]) for row in rows] == [
        ("good", 1, 8),
        ("bad\x1b[31m", None, 0),
    ]
    assert [row["n"] for row in rows_of(folder, "--by", "psnr")] == [7, 7]


def test_aggregates_by_name_and_their_wishes(folder: Path) -> None:
    rows = rows_of(folder, "--aggregate", "weighted", "--weight", "psnr=1", "--weight", "error=2")
    assert [(row["restorer"], row["rank"]) for row in rows] == [("good", 1), ("bad\x1b[31m", 2)]
    text = invoke(rank, folder, "--aggregate", "mean-rank").output
    assert "mean-rank over 2 leaderboards, lower is better" in text
    for options in (
        ("--weight", "psnr=1"),
        ("--aggregate", "weighted"),
        ("--aggregate", "weighted", "--weight", "psnr=-1"),
        ("--aggregate", "weighted", "--weight", "psnr"),
        ("--aggregate", "weighted", "--weight", "psnr=1", "--weight", "psnr=x"),
        ("--aggregate", "ntire-efficiency"),
        ("--aggregate", "ntire-efficiency", "--versus", "good"),
        ("--aggregate", "borda", "--by", "psnr"),
    ):
        with pytest.raises(InputError):
            invoke(rank, folder, *options)


def test_ntires_score_is_of_those_that_count_operations(tmp_path: Path) -> None:
    with Store(tmp_path / "run", create=True) as store:
        store.set_meta(
            id="0" * 12,
            started="2025-01-31T12:00:00+00:00",
            status="finished",
            environment={},
            plan={
                "benchmark": "bench",
                "sets": {"s": {"task": "super-resolve"}},
                "metrics": ["psnr"],
            },
            restorers={
                "base": {"parameters": 1000},
                "quick": {"parameters": 500},
                "classical": {"parameters": 0},
            },
            metrics={"psnr": {"higher_is_better": True}},
        )
        costs = (("base", 1.0, 100), ("quick", 0.5, 50), ("classical", 0.1, None))
        for name, seconds, flops in costs:
            for index in range(8):
                cell, path = Cell(name, "s", f"i{index}"), f"{name}{index}.png"
                spent = Spent(seconds, 10.0, 4.0, flops=flops, beside=0)
                image = Restored(cell, path, "h", spent, "f", "d")
                store.add_scores([Score(cell, "psnr", 30.0)], [], {"psnr": "1"}, image)
    rows = rows_of(tmp_path / "run", "--aggregate", "ntire-efficiency", "--versus", "base")
    assert [(row["restorer"], row["rank"], row["rank_high"]) for row in rows] == [
        ("quick", 1, 1), ("base", 2, 2), ("classical", None, None),
    ]  # fmt: skip
    assert [row["mean"] for row in rows[:2]] == pytest.approx([math.e, math.e**2])


def many_metrics(folder: Path) -> Path:
    """Two sets of one task, three images, nine metrics of several widths, names that are long."""
    names = ["psnr", "pyiqa-topiq_nr", *(f"metric-{number}" for number in range(7))]
    with Store(folder, create=True) as store:
        store.set_meta(
            id="0" * 12,
            started="2025-01-31T12:00:00+00:00",
            status="finished",
            environment={},
            plan={
                "benchmark": "bench",
                "sets": {"s": {"task": "denoise"}, "t": {"task": "denoise"}},
                "metrics": names,
            },
            restorers={"quick": {"parameters": 1_283_000}, "a" * 60: {"parameters": 0}},
            metrics={name: {"higher_is_better": name != "metric-3"} for name in names},
        )
        for place, name in enumerate(("quick", "a" * 60)):
            for cell in (Cell(name, part, f"i{index}") for part in "st" for index in range(3)):
                image = Restored(
                    cell, f"{name}.png", "h", Spent(0.5, 10.0, 4.0, beside=0), "f", "d"
                )
                offset = 10.0 ** (place + 1) + int(cell.image[1])
                scores = [Score(cell, metric, offset / 7) for metric in names]
                store.add_scores(scores, [], dict.fromkeys(names, "1"), image)
    return folder


def test_all_metrics_of_a_set_fit_80_columns_with_their_points_below_each_other(
    tmp_path: Path,
) -> None:
    run = many_metrics(tmp_path / "run")
    for options in ((), ("--intervals",), ("--digits", "5"), ("--versus", "quick")):
        output = invoke(rank, run, *options).output
        assert max(map(len, output.splitlines())) <= 80
    output = invoke(rank, run).output
    metrics = ["psnr", "pyiqa-topiq_nr", *(f"metric-{number}" for number in range(7))]
    one = output.split("\n\n")[0]
    heads = " ".join(line for line in one.splitlines() if "restorer" in line).split()
    assert [head for head in heads if head in metrics] == metrics
    assert {"seconds", "parameters"} <= set(heads)
    [first] = [line for line in one.splitlines() if re.match(r" *1 ", line)]
    [second] = [line for line in one.splitlines() if re.match(r" *2 ", line)]
    points = [[found.start() for found in re.finditer(r"\.\d", line)] for line in (first, second)]
    assert points[0] == points[1]
    assert "aaaaaaaaaaaaaaa..." in first
    assert "1.28M" in one
    assert "3 images: ranks, intervals and p assume normally distributed differences" in one


def test_a_column_that_is_asked_for_is_there_though_it_holds_nothing_but_zeros(
    tmp_path: Path,
) -> None:
    run = many_metrics(tmp_path / "run")
    assert "failures" not in invoke(rank, run).output
    head = re.search("rank  restorer .*", invoke(rank, run, "--columns", "psnr,failures").output)
    assert head is not None and head[0].split()[-1] == "failures"


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("pyiqa-topiq_nr", ["pyiqa-topiq_nr"]),
        ("pyiqa-topiq_nr,psnr", ["pyiqa-topiq_nr", "psnr"]),
        ("n", ["psnr", "n"]),
    ],
)
def test_columns_that_are_asked_for_are_all_that_is_shown(
    tmp_path: Path, asked: str, shown: list[str]
) -> None:
    output = invoke(rank, many_metrics(tmp_path / "run"), "--columns", asked).output
    head = re.search("rank  restorer .*", output)
    assert head is not None and head[0].split()[2:] == shown
    assert "seconds" not in output, "nor what would be said beside it"


@pytest.mark.parametrize(
    ("parameters", "shown"), [(999, "999"), (999_900, "1M"), (1_999_999, "2M"), (852_108, "852k")]
)
def test_large_numbers_have_three_digits_and_the_unit_of_what_is_left(
    folder: Path, parameters: int, shown: str
) -> None:
    with Store(folder, create=True) as store:
        cards = {"good": {"parameters": parameters}, "bad\x1b[31m": {"parameters": 0}}
        store.set_meta(restorers=cards)
    line = re.search(".*good .*", invoke(rank, folder, "--columns", "psnr,parameters").output)
    assert line is not None and line[0].split()[-1] == shown


def test_a_mean_over_sets_is_shown_where_it_is_asked_for(tmp_path: Path) -> None:
    run = many_metrics(tmp_path / "run")
    assert "all sets" not in invoke(rank, run).output
    output = invoke(rank, run, "--overall", "--columns", "psnr,seconds").output
    assert "all sets (denoise), 3 images, by psnr" in output
    assert "n = 6 scores of 3 images" in output
    assert "metric-0" not in output
    with pytest.raises(InputError, match="no column 'speed'; there are psnr, pyiqa-topiq_nr"):
        invoke(rank, run, "--columns", "speed")


def test_markdown_has_a_mean_over_sets_where_it_is_asked_for(tmp_path: Path) -> None:
    run = many_metrics(tmp_path / "run")
    for options, shown in (((), False), (("--overall",), True)):
        path = invoke(report, run, "--format", "markdown", *options).output.strip()
        text = Path(path).read_text()
        assert ("## All sets (denoise, 6 images)" in text) is shown
        assert ("n = 6 scores of 3 images" in text) is shown
        assert "## t (denoise, 3 images)" in text


def test_an_image_that_one_lacks_is_told_under_the_table(folder: Path) -> None:
    with Store(folder, create=True) as store:
        store.add_failure(Failure(Cell("good", "s", "i7"), FailureKind.RAISED, "no"))
    output = " ".join(invoke(rank, folder).output.split())
    assert "good has no psnr of i7: all means are over the other 7 of 8 images" in output
    assert "which moves that of bad" in output
    assert "by -0.05" in output


@pytest.mark.parametrize("options", [(), ("--json",), ("--aggregate", "borda")])
def test_a_run_that_was_stopped_before_its_first_result_is_said(
    folder: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    with Store(tmp_path / "stopped", create=True) as store:
        store.write_header(replace(load_run(folder).run, status="running"))
        store.replace_skipped([Skipped("good", "s", "does not")])
    with pytest.raises(InputError, match="stopped holds no result yet"):
        invoke(rank, tmp_path / "stopped", *options)


@pytest.mark.parametrize("options", [(), ("--aggregate", "borda")])
def test_a_run_that_was_stopped_says_so_wherever_it_is_shown(
    folder: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    before = json.loads(invoke(rank, folder, "--json", *options).output)
    assert "incomplete" not in before
    run = load_run(folder).run
    planned = replace(run.plan, sets={"s": replace(run.plan.sets["s"], images=12)})
    with Store(folder, create=True) as store:
        store.write_header(replace(run, plan=planned, status="running"))
    said = "the run was stopped, or goes on: 17 of 24 cells are there; the same `restobench run`"
    shown = invoke(rank, folder, "--json", *options)
    assert shown.return_value == 3
    assert said in shown.stderr
    document = json.loads(shown.stdout)
    assert document["rows"] == before["rows"]
    assert [said in sentence for sentence in document["incomplete"]] == [True]
    written = invoke(report, folder, "--format", "markdown", "--out", tmp_path / "report.md")
    assert (written.return_value, said in written.stderr) == (3, True)
    assert said[1:].split(";")[0] in (tmp_path / "report.md").read_text()
    with pytest.raises(StoreError, match="17 of 24 cells are there"):
        load_measured(folder)
    with pytest.warns(UserWarning, match="17 of 24 cells are there"):
        assert len(harness.rank(folder)) == len(before["rows"]) or options


def test_ranks_of_a_run_that_lost_rows_are_no_success(folder: Path) -> None:
    with sqlite3.connect(folder / FILENAME) as database:
        database.execute("UPDATE scores SET value = 31 WHERE image = 'i0' AND metric = 'psnr'")
    shown = invoke(rank, folder, "--json")
    assert shown.return_value == 3
    lost = "2 damaged rows are left out; the same `restobench run` makes them again"
    assert json.loads(shown.stdout)["incomplete"] == [lost]
    assert lost in shown.stderr
