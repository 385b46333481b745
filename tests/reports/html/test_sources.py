"""Where the pictures of a page are looked for, and what it says where there are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pages import write

from harness.images import Image, from_uint8, image_hash, write_image
from harness.protocols.report import FoundImage, ReportData
from harness.reporting.assemble import assemble
from harness.results import SampleRecord
from reports.html.pixels import Kept, Pixels
from reports.html.places import make_folders
from reports.html.sources import Sources, inside

KEY = ("set", "image")


@pytest.fixture
def image() -> Image:
    return from_uint8(np.random.default_rng(5).integers(0, 256, (40, 40, 3), dtype=np.uint8))


def sample_of(report: ReportData, out: Path) -> tuple[Path | None, str]:
    sources = Sources(report, Pixels(make_folders(out), report.run_folder), {KEY})
    degraded, reference = sources.samples(KEY)
    assert reference is None
    return degraded.path, degraded.note


def test_samples_are_looked_for_in_this_report_then_outside_then_in_the_runs_own(
    fabricated: ReportData, image: Image, tmp_path: Path
) -> None:
    sample = SampleRecord(image_hash(image))
    data, run, out = (
        replace(fabricated.data, samples={KEY: sample}),
        tmp_path / "run",
        tmp_path / "out",
    )
    asked = []

    def find(*what: str) -> FoundImage | None:
        asked.append(what)
        return FoundImage(tmp_path / "cached.png", exact=True)

    report = replace(fabricated, data=data, run_folder=run, find_image=None)
    path, note = sample_of(report, out)
    assert path is None
    assert "not on this machine: resume the run" in note
    pictures = [
        make_folders(folder) / Kept(sample.degraded_sha256[:16]).file
        for folder in (run / "report", out)
    ]
    write_image(pictures[0], image)
    assert sample_of(report, out) == (pictures[0].resolve(), "")
    found = replace(report, find_image=find)
    assert sample_of(found, out) == (tmp_path / "cached.png", "")
    assert asked == [(*KEY, "degraded")]
    write_image(pictures[1], image)
    assert sample_of(found, out) == (pictures[1], "")
    assert len(asked) == 1, "what is there is not looked for"


def test_a_link_in_an_earlier_report_is_not_followed(
    fabricated: ReportData, image: Image, tmp_path: Path
) -> None:
    sample = SampleRecord(image_hash(image))
    data, run = replace(fabricated.data, samples={KEY: sample}), tmp_path / "run"
    secret = tmp_path / "secret"
    secret.mkdir()
    write_image(secret / Path(Kept(sample.degraded_sha256[:16]).file).name, image)
    (run / "report" / "site").mkdir(parents=True)
    (run / "report" / "site" / "pixels").symlink_to(secret)
    report = replace(fabricated, data=data, run_folder=run, find_image=None)
    assert sample_of(report, tmp_path / "out")[0] is None


def test_a_report_that_was_sent_away_is_whole_and_can_be_written_from(
    fabricated: ReportData, tmp_path: Path
) -> None:
    """The pictures of samples come with the run's report, where there is nothing else."""
    run = tmp_path / "run"
    report = assemble(fabricated.data, fabricated.run_folder)
    write(report, run / "report")
    moved = replace(report, run_folder=run, find_image=None)
    page = write(moved, tmp_path / "again")["index.html"]
    assert page.text
    for name in ("pixels", "thumbnails"):
        one, other = (
            {path.name: path.read_bytes() for path in (folder / "site" / name).iterdir()}
            for folder in (run / "report", tmp_path / "again")
        )
        kind = "degraded_sha256" if name == "thumbnails" else "reference_sha256"
        hashes = {getattr(sample, kind) for sample in fabricated.data.samples.values()}
        assert {f"{str(sha256)[:16]}" for sha256 in hashes} <= {Path(file).stem for file in other}
        assert other.items() <= one.items()


def test_what_a_picture_will_take_is_known_from_its_file(
    fabricated: ReportData, tmp_path: Path
) -> None:
    sources = Sources(
        fabricated, Pixels(make_folders(tmp_path), fabricated.run_folder), fabricated.data.samples
    )
    key = min(fabricated.data.samples)
    files = {
        item.cell.restorer: fabricated.run_folder / item.path
        for item in fabricated.data.restored
        if (item.cell.set, item.cell.image) == key
    }
    samples = sources.bytes_of(key, [])
    assert samples == sum(
        path.stat().st_size
        for path in (fabricated.run_folder / "images" / key[0]).glob(f"{key[1]}-*")
    )
    assert sources.bytes_of(key, ["tv", "broken"]) == samples + files["tv"].stat().st_size


@pytest.mark.parametrize("path", ["../x.png", "/etc/passwd", "a/../../x", "link/x.png", "a\0b"])
def test_paths_that_leave_the_run_are_refused(path: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "link").symlink_to(tmp_path)
    assert inside(run, path) is None


def test_paths_inside_the_run_are_found(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/../b.png") == tmp_path.resolve() / "b.png"
