"""A run in Python: frames, differences, figures, reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_run import made_run
from matplotlib.figure import Figure
from PIL import Image

import harness
from harness.errors import IncomparableError, InputError, StoreError
from harness.plugins.kinds import resolve_benchmark
from harness.storage.store import FILENAME

Command = Callable[..., tuple[int, str, str]]

PART = {"sets": ["photos-sigma25"], "metrics": ["psnr", "ssim", "blur-effect"]}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> harness.Result:
    out = tmp_path_factory.mktemp("runs") / "run"
    three = {"sharp": lambda x: x, "nl": "nl-means", "tv": "tv"}
    return harness.evaluate(three, "quickstart", limit=4, out=out, workers=1, **PART)


def test_frames_are_tidy_and_say_what_the_command_line_says(
    result: harness.Result, command_line: Command
) -> None:
    board = result.leaderboard(metric="psnr")
    assert list(board.columns[:6]) == ["benchmark", "set", "metric", "restorer", "rank", "mean"]
    assert board["rank"].tolist() == [1, 2, 3]
    scores = result.scores()
    assert list(scores.columns) == ["restorer", "set", "image", "metric", "value", "spread"]
    assert len(scores) == 3 * 4 * 3
    means = scores.groupby(["restorer", "metric"])["value"].mean()
    assert board["mean"].to_numpy() == pytest.approx([means[r, "psnr"] for r in board["restorer"]])
    code, out, _ = command_line("rank", result.folder, "--by", "psnr")
    assert code == 0
    assert [out.index(name) for name in board["restorer"]] == sorted(
        out.index(name) for name in board["restorer"]
    )
    assert list(result.failures().columns)[:3] == ["restorer", "set", "image"]
    with pytest.raises(InputError, match="no metric 'lpips'"):
        result.leaderboard(metric="lpips")


def test_versus_has_an_interval_and_a_p(result: harness.Result) -> None:
    gaps = result.versus("sharp", metric="psnr")
    assert set(gaps["restorer"]) == {"nl", "tv"}
    assert (gaps["ci_low"] < gaps["difference"]).all()
    assert (gaps["difference"] < gaps["ci_high"]).all()
    assert gaps["p"].between(0, 1).all()
    assert (gaps["n"] == 4).all()
    scores = (
        result.scores()
        .query("metric == 'psnr'")
        .pivot(index="image", columns="restorer", values="value")
    )
    wanted = (scores["nl"] - scores["sharp"]).mean()
    assert gaps.set_index("restorer")["difference"]["nl"] == pytest.approx(wanted)
    with pytest.raises(InputError, match="no restorer 'gone'"):
        result.versus("gone")


def test_versus_another_run_pairs_its_images(result: harness.Result) -> None:
    other = harness.evaluate({"nl": lambda x: 0.9 * x}, "quickstart", limit=3, **PART)
    gaps = result.versus(other, metric="psnr").set_index("restorer")
    assert set(gaps.index) == {"sharp", "nl", "tv"}
    assert set(gaps["versus"]) == {"nl"}
    assert set(gaps["n"]) == {3}, "the images that both have"
    mine, theirs = (
        r.scores().query("metric == 'psnr'").set_index(["restorer", "image"])["value"]
        for r in (result, other)
    )
    images = theirs.index.get_level_values("image")
    wanted = np.mean([mine["sharp", image] - theirs["nl", image] for image in images])
    assert gaps["difference"]["sharp"] == pytest.approx(wanted)
    several = harness.evaluate({"nl": lambda x: x, "b": lambda x: x}, "quickstart", limit=3, **PART)
    assert result.versus(several, metric="psnr")["restorer"].tolist() == ["nl"], "by its name"
    for folder in (other.folder, str(other.folder)):
        assert result.versus(folder, metric="psnr").set_index("restorer").equals(gaps)


def test_a_run_is_held_against_itself(result: harness.Result) -> None:
    assert harness.compare(result, result).exit_code() == 0
    with pytest.raises(InputError, match="weights are those of aggregate `weighted`"):
        harness.rank(result, weights={"psnr": 1.0})


def test_what_is_no_run_and_no_result_is_said(result: harness.Result) -> None:
    for wrong in (None, 3):
        with pytest.raises(InputError, match=f"run is {wrong}; expected a result or a run folder"):
            harness.load_run(wrong)  # type: ignore[arg-type]
        with pytest.raises(InputError, match=f"run is {wrong}; expected"):
            harness.rank(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="expected a restorer's name or a result"):
        result.versus(3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="distributions gone of: the run has 3 restorers"):
        result.plot.distributions(set="gone")


@pytest.mark.filterwarnings("ignore")
def test_versus_one_that_failed_everywhere_has_its_columns_and_no_row() -> None:
    both = {"broken": lambda x: x * np.nan, "whole": lambda x: x}
    result = harness.evaluate(both, "quickstart", limit=1, **PART)
    gaps = result.versus("broken")
    assert len(gaps) == 0
    assert {"difference", "ci_low", "ci_high", "p", "n", "verdict"} <= set(gaps.columns)


def test_versus_refuses_what_is_not_comparable(result: harness.Result) -> None:
    rules = harness.Evaluation("cropped", crop_border=4)
    cropped = replace(resolve_benchmark("quickstart"), evaluation=rules)
    other = harness.evaluate(lambda x: x, cropped, limit=1, **PART)
    with pytest.raises(IncomparableError, match="crop_border of the evaluation is 0 here, 4 there"):
        result.versus(other)


def test_figures_are_those_of_the_report(result: harness.Result, tmp_path: Path) -> None:
    figures = [
        result.plot.distributions(metric="psnr"),
        result.plot.critical_differences(set="photos-sigma25"),
        result.plot.agreement(),
        result.plot.trade_offs(metric="seconds"),
    ]
    for number, figure in enumerate(figures):
        assert isinstance(figure, Figure)
        figure.savefig(tmp_path / f"{number}.png")
        assert (tmp_path / f"{number}.png").stat().st_size > 3000
    labels = [label.get_text() for label in figures[0].axes[0].get_yticklabels()]
    assert set(labels) == {"sharp", "nl", "tv"}
    assert len(result.plot("distributions")) == 3, "one a metric"
    with pytest.raises(InputError, match="too little to draw distributions gone"):
        result.plot.distributions(set="gone")


def test_a_notebook_shows_a_table_in_which_names_are_inert(
    result: harness.Result, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    html = result._repr_html_()
    assert html.count("<table") == 1, "the first leaderboard of each set"
    assert "photos-sigma25: psnr in dB, higher is better" in html
    hostile = "<img src=x onerror=alert(1)>"
    values: Any = {(hostile, hostile, "psnr"): [30.0, 31.0], ("b", hostile, "psnr"): [29.0, 31.0]}
    monkeypatch.setattr("harness.api.result.read_run", lambda *_: made_run(values))
    shown = harness.Result(tmp_path)._repr_html_()
    assert "<img" not in shown
    assert shown.count("&lt;img") == 2


def test_the_crop_figure_from_python_and_from_the_command_line(
    result: harness.Result, command_line: Command, tmp_path: Path
) -> None:
    image = result.scores()["image"][0]
    figure = result.plot.crops(image=image, region=(10, 10, 32, 32), restorers=["nl", "tv"])
    figure.savefig(tmp_path / "python.png")
    options = ("--region", "10,10,32,32", "--restorers", "nl,tv")
    given = ("figure", result.folder, "--image", image, *options)
    outs = ("-o", tmp_path / "line.png", "-o", tmp_path / "line.tex", "-o", tmp_path / "a.pdf")
    assert command_line(*given, *outs)[0] == 0
    pixels = [np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("python", "line")]
    assert (pixels[0] == pixels[1]).all()
    assert "includegraphics" in (tmp_path / "line.tex").read_text()
    for wrong, message in (
        (("--region", "1,2,3"), "expected X,Y,W,H"),
        (("-o", tmp_path / "a.gif"), "ends in .png, .pdf, .svg, .tex"),
        (("--label", "nl"), "expected NAME=TEXT"),
    ):
        code, _, error = command_line("figure", result.folder, "--image", image, *wrong)
        assert code == 2
        assert message in error


def test_reports_and_baselines(result: harness.Result, tmp_path: Path) -> None:
    page = result.report(tmp_path / "page")
    assert page.name == "index.html"
    assert "photos-sigma25" in page.read_text()
    assert result.report(tmp_path / "t.csv", format="csv").read_text().count("\n") == 10
    baseline = result.baseline(tmp_path / "new" / "baseline.json")
    same = harness.compare(result, baseline)
    assert same.exit_code() == 0
    assert {str(item.verdict) for item in same.findings if item.metric == "psnr"} == {"equal"}
    folder = harness.compare(result.folder, baseline, name="mine")
    assert [item.verdict for item in folder.findings] == [item.verdict for item in same.findings]


def test_opening_and_ranking_a_folder(result: harness.Result, tmp_path: Path) -> None:
    again = harness.load_run(str(result.folder))
    assert again.scores().equals(result.scores())
    assert "<Result quickstart: nl, tv, sharp on 4 images" in repr(again)
    gaps = harness.rank(again, by="psnr", versus="sharp")
    assert gaps["difference"].notna().sum() == 2
    borda = harness.rank(again, aggregate="borda")
    assert borda["metric"].tolist() == ["borda"] * 3
    weighted = harness.rank(again, aggregate="weighted", weights={"psnr": 1, "ssim": 2,
                                                                  "blur-effect": 1})  # fmt: skip
    assert weighted["rank"].tolist() == [1, 2, 3]
    with pytest.raises(StoreError, match=FILENAME):
        harness.load_run(tmp_path)


def _types(frame: Any) -> dict[str, str]:
    return {name: str(kind) for name, kind in frame.dtypes.items()}


NUMBERS = {"difference", "ci_low", "ci_high", "p", "mean", "gap", "median", "value", "spread"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("failing", ["one image", "nothing", "everything"])
def test_columns_of_numbers_are_numbers_whatever_is_missing(failing: str) -> None:
    by = {"one image": 1.0, "nothing": 1.0, "everything": np.nan}[failing]
    limit = 1 if failing == "one image" else 2
    result = harness.evaluate({"a": lambda x: by * x}, "quickstart", limit=limit, **PART)
    frames = [
        result.leaderboard(), result.scores(), result.set_standings(), result.versus("a"),
        harness.rank(result, versus="a"), harness.rank(result, aggregate="borda"),
    ]  # fmt: skip
    for frame in frames:
        kinds = _types(frame)
        assert {"restorer", "set", "metric"} <= set(kinds)
        assert [kinds[name] for name in NUMBERS & set(kinds)] == ["float64"] * len(
            NUMBERS & set(kinds)
        )


def test_equal_restorers_differ_by_nothing_for_sure() -> None:
    both = {"a": lambda x: x, "b": lambda x: x.copy()}
    result = harness.evaluate(both, "quickstart", limit=3, **PART)
    same = harness.evaluate({"c": lambda x: x}, "quickstart", limit=3, **PART)
    for gaps in (result.versus("a"), result.versus(same), same.versus(same)):
        assert len(gaps)
        for name, value in {"difference": 0, "ci_low": 0, "ci_high": 0, "p": 1, "n": 3}.items():
            assert set(gaps[name]) == {value}, name
        assert set(gaps["verdict"]) == {"same"}


def test_perfect_restorers_are_equal_though_their_psnr_is_infinite() -> None:
    [degraded] = (s for s in resolve_benchmark("quickstart").sets if s.name == "photos-sigma25")

    def perfect(_: np.ndarray, conditions: harness.Conditions) -> np.ndarray | None:
        return degraded.sample(conditions.sample_id or "").reference

    both = {"a": perfect, "b": lambda image, conditions: perfect(image, conditions)}
    gaps = harness.evaluate(both, "quickstart", limit=3, **PART).versus("a", metric="psnr")
    row = gaps.iloc[0]
    assert (row["difference"], row["ci_low"], row["ci_high"], row["p"]) == (0, 0, 0, 1)
    three = {**both, "noisy": lambda x: x}
    gaps = harness.evaluate(three, "quickstart", limit=6, **PART).versus("a", metric="psnr")
    rows = gaps.set_index("restorer")
    assert rows.loc["b", ["difference", "ci_low", "ci_high", "p"]].tolist() == [0, 0, 0, 1]
    assert rows.loc["noisy", ["difference", "ci_high", "verdict"]].tolist() == [
        -np.inf, -np.inf, "worse",
    ]  # fmt: skip
    numbers = ["difference", "ci_low", "ci_high", "p"]
    assert (rows.loc["noisy", numbers[0]], rows.loc["noisy", "p"] <= 0.05) == (-np.inf, True)


def test_what_numpy_is_told_to_raise_stops_no_table_and_no_report(
    result: harness.Result, tmp_path: Path
) -> None:
    with np.errstate(all="raise"):
        again = harness.load_run(result.folder)
        for frame in (again.leaderboard(), again.versus("nl"), harness.rank(again, versus="tv")):
            assert len(frame)
        for how in ("borda", "mean-rank", "bradley-terry"):
            assert len(harness.rank(again, aggregate=how))
        assert again._repr_html_()
        again.plot.distributions()
        again.report(tmp_path / "page")
        assert harness.compare(again, again.baseline(tmp_path / "b.json")).exit_code() == 0
