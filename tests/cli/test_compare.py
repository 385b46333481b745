"""`restobench baseline` and `compare`: changes of a real denoiser are found, nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from harness.storage.store import load_run

Command = Callable[..., tuple[int, str, str]]

BENCHMARK = """
metrics = ["psnr", "ssim"]
[[sets]]
use = "photos-sigma25"
"""
OWN = """
metrics = ["psnr"]
[[sets]]
name = "own"
task = "denoise"
folder = "photos"
degradations = [{ name = "gaussian-noise", sigma_255 = 25 }]
"""


@pytest.fixture
def run(command_line: Command, tmp_path: Path) -> Callable[..., Path]:
    """Runs one of `altered` over the packaged photographs."""
    (tmp_path / "b.toml").write_text(BENCHMARK)

    def call(name: str, *more: object) -> Path:
        folder = tmp_path / name
        own = ("-b", tmp_path / "b.toml", "-r", f"altered:{name}")
        code, _, err = command_line("run", *own, "--out", folder, *more)
        assert code in (0, 3), err
        return folder

    return call


@pytest.fixture
def baseline(command_line: Command, run: Callable[..., Path], tmp_path: Path) -> Path:
    path = tmp_path / "baseline.json"
    code, out, _ = command_line("baseline", run("Plain", "--workers", 1), "-o", path)
    assert code == 0
    assert "16 scores, 0 failures" in out
    return path


def rows(out: str) -> dict[str, dict[str, Any]]:
    document = json.loads(out)
    assert document["schema"] == "restobench/compare/1"
    keys = {
        "restorer", "set", "metric", "verdict", "difference", "ci_low", "ci_high", "p",
        "worst_image", "reason",
    }  # fmt: skip
    assert all(row.keys() >= keys for row in document["rows"])
    return {row["metric"]: row for row in document["rows"]}


def worst_by_psnr(now: Path, before: Path) -> str:
    """The image whose PSNR fell most, straight from the stores."""
    scores = [
        {s.cell.image: s.value for s in load_run(folder).scores if s.metric == "psnr"}
        for folder in (now, before)
    ]
    return min(scores[0], key=lambda image: scores[0][image] - scores[1][image])


@pytest.mark.parametrize(
    "name", ["ShiftedChannel", "ShiftedPixel", "JpegOnTheWayOut", "AnotherSigma"]
)
def test_a_careless_change_is_found(
    command_line: Command, run: Callable[..., Path], baseline: Path, tmp_path: Path, name: str
) -> None:
    junit = tmp_path / "verdict.xml"
    judged = ("compare", run(name), "--baseline", baseline)
    code, out, _ = command_line(*judged, "--json", "--junit", junit)
    found = rows(out)
    assert code == 1
    assert found["psnr"]["verdict"] == "regressed"
    assert found["psnr"]["worst_image"] == worst_by_psnr(tmp_path / name, tmp_path / "Plain")
    assert found["psnr"]["difference"] < -0.02
    suite = ElementTree.parse(junit).getroot()
    assert int(suite.get("failures", 0)) >= 1
    assert "worst image" in str(suite.find(".//failure").get("message"))  # type: ignore[union-attr]


def test_another_number_of_workers_changes_nothing(
    command_line: Command, run: Callable[..., Path], baseline: Path
) -> None:
    again = run("Plain", "--workers", 2, "--fresh")
    code, out, _ = command_line("compare", again, "--baseline", baseline, "--json")
    found = rows(out)
    assert code == 0
    assert {found["psnr"]["verdict"], found["ssim"]["verdict"]} == {"equal"}
    assert found["seconds"]["reason"] == "workers: baseline 1, now 2"
    code, out, _ = command_line("compare", again, "--baseline", again)
    assert (code, "scores: 2 equal" in out) == (0, True)


def test_a_png_that_was_encoded_anew_is_the_same_image(
    command_line: Command, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "own.toml").write_text(OWN)
    generator = np.random.default_rng(0)
    for number in range(4):
        pixels = generator.integers(0, 256, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"p{number}.png", compress_level=0)
    arguments = ("-b", tmp_path / "own.toml", "-r", "bilateral", "--workers", 1)
    assert command_line("run", *arguments, "--out", tmp_path / "before")[0] == 0
    sizes = set()
    for path in (tmp_path / "photos").iterdir():
        sizes.add(path.stat().st_size)
        with Image.open(path) as image:
            image.save(path, compress_level=9, optimize=True, dpi=(300, 300))
        sizes.add(path.stat().st_size)
    assert len(sizes) > 1, "the files are others"
    assert command_line("run", *arguments, "--out", tmp_path / "now")[0] == 0
    judged = ("compare", tmp_path / "now", "--baseline", tmp_path / "before")
    code, out, _ = command_line(*judged, "--json")
    assert (code, rows(out)["psnr"]["verdict"], rows(out)["psnr"]["n"]) == (0, "equal", 4)


def test_the_report_opens_at_the_images_that_lost(
    command_line: Command, run: Callable[..., Path], baseline: Path, tmp_path: Path
) -> None:
    now = run("JpegOnTheWayOut")
    before, reference = 'data-left="before"', 'data-left="reference"'
    for source, shown in ((tmp_path / "Plain", before), (baseline, reference)):
        assert command_line("report", now, "--baseline", source)[0] == 0
        page = (now / "report" / "site" / "regression.html").read_text()
        assert "Worse than the baseline: mine." in page
        assert page.index("Findings") < page.index("Images that lost most") < page.index(shown)


def test_a_new_name_needs_an_alias(
    command_line: Command, run: Callable[..., Path], baseline: Path
) -> None:
    judged = ("compare", run("Renamed"), "--baseline", baseline)
    code, out, _ = command_line(*judged)
    assert code == 4
    assert "2 new" in out
    assert "2 gone" in out
    code, out, _ = command_line(*judged, "--alias", "mine-v2=mine", "--json")
    assert code == 0
    found = [rows(out)[metric] for metric in ("psnr", "ssim")]
    assert {(row["restorer"], row["verdict"]) for row in found} == {("mine-v2", "equal")}


def test_failing_cells_exit_with_3_and_are_annotated(
    command_line: Command,
    run: Callable[..., Path],
    baseline: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    code, out, _ = command_line("compare", run("FailsNow"), "--baseline", baseline, "--github")
    assert code == 3
    assert "::error title=mine on photos-sigma25%3A psnr failed::failed; worst image" in out
    assert "ValueError%3A a new bug" in out or "ValueError: a new bug" in out
    assert "| mine | photos\\-sigma25 | psnr |" in (tmp_path / "summary.md").read_text()


def test_what_is_no_baseline_is_exit_2_and_writes_nothing(
    command_line: Command, run: Callable[..., Path], tmp_path: Path
) -> None:
    odd, junit = tmp_path / "odd.json", tmp_path / "verdict.xml"
    odd.write_text("{}")
    judged = ("compare", run("Plain"), "--baseline", odd)
    code, _, err = command_line(*judged, "--junit", junit)
    assert code == 2
    assert err.splitlines()[-1].startswith("error: baseline")
    assert "odd.json has schema" in err
    assert not junit.exists()
