"""Model cards carry the metadata that hubs read, and nothing in a name is obeyed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from fabricated_run import hostile

from harness.protocols.report import ReportData
from harness.reporting.assemble import assemble
from reports.model_card import ModelCardReport


def test_each_restorer_has_a_card_with_its_scores(fabricated: ReportData, tmp_path: Path) -> None:
    folder = ModelCardReport().write(fabricated, tmp_path)
    assert {path.stem for path in folder.iterdir()} == set(fabricated.data.run.restorers)
    _, front, body = (folder / "tv.md").read_text().split("---\n", 2)
    metadata = yaml.safe_load(front)
    (model,) = metadata["model-index"]
    (result,) = model["results"]
    rows = [(board.metric, row) for board in fabricated.leaderboards for row in board.rows]
    means = {metric: row.mean for metric, row in rows if row.restorer == "tv"}
    assert (metadata["license"], model["name"]) == ("bsd-3-clause", "tv")
    assert result["dataset"]["name"] == "photos-sigma25"
    assert {item["type"]: item["value"] for item in result["metrics"]} == pytest.approx(means)
    assert "## Cost" in body
    assert "skips photos-x2" in body


def test_a_licence_that_hubs_do_not_know_keeps_its_name(
    fabricated: ReportData, tmp_path: Path
) -> None:
    folder = ModelCardReport().write(fabricated, tmp_path)
    metadata = yaml.safe_load((folder / "wavelet.md").read_text().split("---\n")[1])
    assert (metadata["license"], metadata["license_name"]) == ("other", "CC-BY-NC-4.0")
    assert "non-commercial" in (folder / "wavelet.md").read_text()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "<script>alert(1)</script>", "x\n---\nlicense: mit", ": [a, &b"]
)
def test_hostile_names_stay_in_the_folder_and_in_their_field(
    fabricated: ReportData, tmp_path: Path, name: str
) -> None:
    report = assemble(hostile(fabricated.data, name, "x.png"), fabricated.run_folder)
    folder = ModelCardReport().write(report, tmp_path / "out")
    assert {path.parent for path in tmp_path.rglob("*.md")} == {folder}
    assert len(list(folder.iterdir())) == len(report.data.run.restorers)
    for path in folder.iterdir():
        text = path.read_text()
        assert text.startswith("---\n")
        metadata = yaml.safe_load(text[4:].split("\n---\n", 1)[0])
        assert set(metadata) <= {"license", "license_name", "pipeline_tag", "tags", "model-index"}
        assert "<script" not in text.split("\n---\n", 1)[1]
