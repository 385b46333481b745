"""`restobench run` end to end: real sets, restorers and metrics, the page; and its exit codes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.storage.store import load_run

Command = Callable[..., tuple[int, str, str]]

BROKEN = """
metrics = ["psnr"]
restorers = ["identity", "misbehaving:Raises", "misbehaving:Exits"]
[[sets]]
name = "own"
task = "denoise"
folder = "images"
degradations = [{ name = "gaussian-noise", sigma_255 = 20.0 }]
"""


def test_quickstart_ranks_with_the_scorer_beside_the_classics(
    command_line: Command, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    code, out, _ = command_line("run", "-b", "quickstart", "--limit", 2, "--out", run)
    assert code == 0
    assert "0 failures" in out
    page = (run / "report" / "index.html").read_text()
    assert all(name in page for name in ("photos-sigma25", "nl-means", "dri"))
    code, out, _ = command_line("rank", run, "--json")
    rows = json.loads(out)["rows"]
    assert {row["metric"] for row in rows} == {"psnr", "ssim", "dri"}
    enlarged = [row for row in rows if row["set"] == "photos-x2"]
    by_psnr = {row["restorer"]: row for row in enlarged if row["metric"] == "psnr"}
    assert by_psnr.keys() == {"nearest", "bicubic", "lanczos"} & by_psnr.keys()
    assert all(row["n"] == 2 and row["failures"] == 0 for row in rows if row["set"])
    dri = [score for score in load_run(run).scores if score.metric == "dri"]
    assert all(0 <= score.value <= 100 and score.spread for score in dri)


def test_a_second_call_runs_nothing_again(command_line: Command, tmp_path: Path) -> None:
    few = ("--set", "photos-x2", "-m", "psnr", "--limit", 2)
    arguments = ("run", "-b", "quickstart", "-r", "bicubic", *few)
    run = tmp_path / "run"
    assert "2 restored, 2 scored" in command_line(*arguments, "--out", run)[1]
    assert "0 restored, 0 scored" in command_line(*arguments, "--out", run)[1]
    assert "2 restored, 2 scored" in command_line(*arguments, "--out", run, "--fresh")[1]


def test_failures_are_counted_shown_and_exit_with_3(command_line: Command, tmp_path: Path) -> None:
    import numpy as np

    from harness.images import write_image

    (tmp_path / "images").mkdir()
    for name in ("good", "fine"):
        write_image(tmp_path / "images" / f"{name}.png", np.full((3, 24, 24), 0.5, np.float32))
    (tmp_path / "images" / "corrupt.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    (tmp_path / "broken.toml").write_text(BROKEN)
    run = tmp_path / "run"
    own = ("-b", tmp_path / "broken.toml")
    code, out, _ = command_line("run", *own, "--out", run, "--timeout", 30)
    assert code == 3
    assert "7 failures" in out
    failures = load_run(run).failures
    kinds = {(item.cell.restorer, item.cell.image): str(item.kind) for item in failures}
    assert kinds == {
        ("identity", "corrupt"): "sample", ("Raises", "corrupt"): "sample",
        ("Exits", "corrupt"): "sample",
        ("Raises", "good"): "raised", ("Raises", "fine"): "raised",
        ("Exits", "good"): "crashed", ("Exits", "fine"): "crashed",
    }  # fmt: skip
    rows = json.loads(command_line("rank", run, "--json")[1])["rows"]
    counts = {(row["restorer"], row["n"], row["failures"]) for row in rows}
    assert counts == {("identity", 2, 1), ("Raises", 0, 3), ("Exits", 0, 3)}
    page = (run / "report" / "index.html").read_text()
    assert "no &lt;b&gt;luck&lt;/b&gt;" in page
    assert "no <b>luck</b>" not in page


def test_nothing_to_run_exits_with_4(command_line: Command, tmp_path: Path) -> None:
    arguments = ("-b", "quickstart", "--set", "photos-x2", "-r", "identity")
    code, _, err = command_line("run", *arguments, "--out", tmp_path / "run")
    assert code == 4
    assert "does not super-resolve" in err or "has no x2" in err
    assert not (tmp_path / "run").exists()


def test_a_dry_run_writes_nothing(command_line: Command, tmp_path: Path) -> None:
    arguments = ("-b", "quickstart", "--dry-run", "--limit", 3)
    code, out, _ = command_line("run", *arguments, "--out", tmp_path / "run")
    assert code == 0
    assert "photos-sigma25: 3 images x 5 restorers: identity, nl-means" in out
    expected = r"21 cells.*\nabout \d+\.\d MiB of restored images; about \d+ s of restoring"
    assert re.search(expected, out)
    assert not (tmp_path / "run").exists()


def test_fresh_does_not_throw_away_what_is_no_run(command_line: Command, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    arguments = ("-b", "quickstart", "-r", "bicubic", "--fresh")
    code, _, err = command_line("run", *arguments, "--out", tmp_path)
    assert (code, (tmp_path / "thesis.txt").read_text()) == (2, "years of work")
    assert "holds no run" in err


def test_fresh_throws_away_what_the_run_wrote_and_nothing_else(
    command_line: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    own = ("a.png", "sub/a.png", "restored/mine/a.png", "report/a.tex", "results.sqlite.bak")
    for name in own:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")
    arguments = ("-b", "quickstart", "--set", "photos-x2", "-m", "psnr", "--limit", "1")
    assert command_line("run", *arguments, "-r", "bicubic", "--out", folder)[0] == 0
    assert list(folder.glob("restored/bicubic/*/*.png"))
    assert command_line("run", *arguments, "-r", "nearest", "--out", folder, "--fresh")[0] == 0
    assert [(folder / name).read_text() for name in own] == ["mine"] * len(own)
    assert not (folder / "restored" / "bicubic").exists()
    assert load_run(folder).run.restorers.keys() == {"nearest"}


def test_absent_sets_are_skipped_and_not_failed(
    command_line: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESTOBENCH_DATA", str(tmp_path))
    arguments = ("-b", "gaussian-denoising", "-r", "identity")
    code, _, err = command_line("run", *arguments, "--out", tmp_path / "run")
    assert code == 4
    assert "skipped set set12-sigma25: folder" in err


def test_a_run_of_another_plan_is_added_to_when_that_is_asked_for(
    command_line: Command, tmp_path: Path
) -> None:
    few = ("run", "-b", "quickstart", "--set", "photos-x2", "--out", tmp_path / "run")
    assert command_line(*few, "-r", "bicubic", "-m", "psnr", "--limit", 1)[0] == 0
    more = ("-r", "bicubic", "-r", "nearest", "-m", "psnr", "-m", "ssim", "--limit", 3)
    assert command_line(*few, *more, "--dry-run")[0] == 2, "it says before what will come of it"
    code, _, err = command_line(*few, *more)
    added = "restorer nearest; metric ssim; 2 images of photos-x2"
    assert code == 2
    assert f"to which this one adds {added}: give --extend" in err
    assert len(load_run(tmp_path / "run").scores) == 1
    code, _, err = command_line(*few, *more, "--extend")
    assert code == 0
    assert f"adds to the run in {tmp_path / 'run'}: {added}" in err
    assert len(load_run(tmp_path / "run").scores) == 12
    assert command_line(*few, "-r", "nearest", "-m", "psnr", "--limit", 2)[0] == 0, "adds nothing"
