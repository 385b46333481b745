"""The same report is not written twice; another one is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from harness.images import write_image
from harness.protocols.report import ReportData
from harness.reporting import standing
from harness.reporting.assemble import assemble
from harness.reporting.standing import standing_report
from harness.reporting.write import write_reports
from harness.results import RunData
from harness.storage.places import preview
from reports.table import CSVReport


class Pages:
    """A report in a folder, which shows one picture."""

    name: ClassVar[str] = "pages"
    suffix: ClassVar[str] = ""

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes two files."""
        assert report.find_image is not None
        found = report.find_image(*min(report.data.samples), "degraded")
        (out / "site").mkdir(parents=True, exist_ok=True)
        (out / "site" / "part.html").write_text(str(found))
        (out / "index.html").write_text(report.title + "page")
        return out / "index.html"


WRITERS = {"pages": Pages()}


@pytest.fixture
def run(fabricated: ReportData, tmp_path: Path) -> Path:
    """A run folder with a report."""
    folder = tmp_path / "run"
    write_reports(assemble(fabricated.data, folder), WRITERS)
    return folder


def test_a_report_of_the_same_run_stands(fabricated: ReportData, run: Path) -> None:
    assert standing_report(fabricated.data, run, WRITERS) == [run / "report" / "index.html"]
    both = {**WRITERS, "csv": CSVReport()}
    assert standing_report(fabricated.data, run, both) == [], "one of them is not there"
    write_reports(assemble(fabricated.data, run), {"csv": CSVReport()})
    assert standing_report(fabricated.data, run, both) == [
        run / "report" / "index.html",
        run / "report" / "leaderboard.csv",
    ]


def changed_score(data: RunData) -> RunData:
    first, *others = data.scores
    return replace(data, scores=(replace(first, value=first.value + 1e-9), *others))


CHANGES: dict[str, Callable[[RunData], RunData]] = {
    "score": changed_score,
    "failure": lambda data: replace(data, failures=data.failures[1:]),
    "restored": lambda data: replace(data, restored=data.restored[1:]),
    "skipped": lambda data: replace(data, skipped=()),
    "sample": lambda data: replace(data, samples=dict(list(data.samples.items())[1:])),
    "run": lambda data: replace(data, run=replace(data.run, environment={"git": "other"})),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_report_of_another_run_does_not(change: str, fabricated: ReportData, run: Path) -> None:
    assert standing_report(CHANGES[change](fabricated.data), run, WRITERS) == []


@pytest.mark.parametrize("option", ["title", "notes", "policy", "intervals"])
def test_a_report_with_options_does_not(option: str, fabricated: ReportData, run: Path) -> None:
    options: dict[str, Any] = {"title": "x", "notes": "x", "policy": "complete", "intervals": False}
    write_reports(assemble(fabricated.data, run, **{option: options[option]}), WRITERS)
    assert standing_report(fabricated.data, run, WRITERS) == []


def note_of(run: Path) -> Path:
    return run / "report" / ".made-of-pages.json"


HARM: dict[str, Callable[[Path], object]] = {
    "no page": lambda run: (run / "report" / "index.html").unlink(),
    "no part": lambda run: (run / "report" / "site" / "part.html").unlink(),
    "another part of its length": lambda run: (run / "report" / "site" / "part.html").write_bytes(
        (run / "report" / "site" / "part.html").read_bytes()[::-1]
    ),
    "an empty part": lambda run: (run / "report" / "site" / "part.html").write_text(""),
    "no note": lambda run: note_of(run).unlink(),
    "no JSON": lambda run: note_of(run).write_text("{"),
    "other JSON": lambda run: note_of(run).write_text(json.dumps({"files": 3})),
    "short marks": lambda run: note_of(run).write_text(
        json.dumps(
            {
                **(note := json.loads(note_of(run).read_text())),
                "files": {name: mark[:1] for name, mark in note["files"].items()},
            }
        )
    ),
    "another page": lambda run: note_of(run).write_text(
        note_of(run).read_text().replace('"page": "index.html"', '"page": "../../other.html"')
    ),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_report_that_was_harmed_does_not(harm: str, fabricated: ReportData, run: Path) -> None:
    HARM[harm](run)
    assert standing_report(fabricated.data, run, WRITERS) == []
    write_reports(assemble(fabricated.data, run), WRITERS)
    assert standing_report(fabricated.data, run, WRITERS)


def test_a_report_by_other_code_does_not(
    fabricated: ReportData, run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files = {path.name for path in standing._files_of("reports")}
    assert {"pictures.py", "viewer.html", "site.css"} <= files
    assert standing._files_of(Pages.__module__) == [Path(__file__)]
    edited = tmp_path / "edited.py"
    edited.write_bytes(Path(__file__).read_bytes() + b"\n")
    monkeypatch.setattr(standing, "_files_of", {"harness": [], Pages.__module__: [edited]}.get)
    assert standing_report(fabricated.data, run, WRITERS) == []


def test_a_report_that_lacks_a_picture_stands_until_it_is_found(
    fabricated: ReportData, run: Path
) -> None:
    shown = run / preview(*min(fabricated.data.samples), "degraded")
    shown.parent.mkdir(parents=True)
    assert standing_report(fabricated.data, run, WRITERS)
    write_image(shown, np.zeros((1, 4, 4), np.float32))
    assert standing_report(fabricated.data, run, WRITERS) == []
    write_reports(assemble(fabricated.data, run), WRITERS)
    assert standing_report(fabricated.data, run, WRITERS)


def test_elsewhere_nothing_is_noted(fabricated: ReportData, tmp_path: Path) -> None:
    write_reports(assemble(fabricated.data, tmp_path / "run"), WRITERS, tmp_path / "out")
    assert not list(tmp_path.rglob(".*"))


def test_a_run_with_nothing_to_do_leaves_its_page_alone(
    command_line: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    plan = "run", "-b", "quickstart", "--limit", 1, "-m", "psnr", "--extend", "--out", folder
    times = []
    for restorers in (["bicubic"], ["bicubic"], ["bicubic", "nearest"]):
        names = [argument for name in restorers for argument in ("-r", name)]
        code, out, err = command_line(*plan, *names)
        assert code == 0, err
        assert "leaderboard: " in out
        assert restorers[-1] in out
        times.append((folder / "report" / "index.html").stat().st_mtime_ns)
    assert times[0] == times[1] < times[2]
