"""The pages: complete, beside one another, and inert whatever the names are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from fabricated_run import hostile
from pages import MARKUP, Page, write

from harness.images import write_image
from harness.protocols.report import ReportData
from harness.reporting.assemble import assemble
from harness.results import SetStanding
from harness.storage.places import preview
from reports.html.report import HTMLReport

Site = tuple[Path, dict[str, Page]]


def test_there_is_a_page_for_every_set_restorer_and_image(
    site: Site, fabricated: ReportData
) -> None:
    kinds = [re.sub(r"site/([a-z]+)-.*", r"\1", name) for name in site[1]]
    sets = {board.set for board in fabricated.leaderboards}
    assert kinds.count("set") == len(sets)
    assert kinds.count("restorer") == len(fabricated.data.run.restorers)
    assert kinds.count("image") == len(fabricated.data.samples)


def test_the_leaderboard_shows_what_the_engine_computed(site: Site, fabricated: ReportData) -> None:
    text = site[1]["index.html"].text
    for row in fabricated.rows:
        assert str(row["restorer"]) in text
        if row["mean"] is not None:
            assert f"{row['mean']:.{2 if row['metric'] == 'psnr' else 4}f}" in text
    for words in (
        "A title", "Some notes", "a1b2c3d4e5f6", "9f2c41d07be2a310", "size mismatch",
        "does not super-resolve",
    ):  # fmt: skip
        assert words in text
    assert "CC-BY-NC-4.0 non-commercial" in " ".join(text.split())


def test_a_sets_page_has_metrics_of_sets(fabricated: ReportData, tmp_path: Path) -> None:
    names = "photos-sigma25", "fid"
    standings = (
        SetStanding(*names, "tv", False, 3.5, 3.25, 3.75, 1, 1, 2, 17, 23),
        SetStanding(*names, "broken", False, of=23, reason="nothing is restored"),
    )
    pages = write(replace(fabricated, set_standings=standings), tmp_path)
    text = pages["site/set-photos-sigma25.html"].text
    section = text[text.index("By metrics of sets") : text.index("Costs")]
    for row in ("fid ↓tv3.50003.2500 to 3.75001 (1–2)17 of 23", "fid ↓broken–––0 of 23nothing is"):
        assert row in section
    assert "By metrics of sets" not in pages["site/set-photos-x2.html"].text


def test_the_answer_says_who_leads_by_how_much_and_whether_that_is_real(
    site: Site, fabricated: ReportData
) -> None:
    text = " ".join(site[1]["index.html"].text.split())
    assert fabricated.headlines
    for line in fabricated.headlines:
        second = next(
            row.restorer
            for b in fabricated.leaderboards
            if (b.set, b.metric) == (line.set, line.metric)
            for row in b.rows[1:2]
        )
        place = (line.set, line.metric, second)
        gap = next(d for d in fabricated.behind if (d.set, d.metric, d.restorer) == place)
        assert gap.difference is not None
        if len(line.leaders) == 1:
            assert f"{abs(gap.difference):.2f} dB psnr ahead of {second}" in text
            low, high = abs(gap.ci_high or 0), abs(gap.ci_low or 0)
            assert f"real 95 % interval {low:.2f} to {high:.2f}" in text
        else:
            assert f"tie not told apart from {', '.join(line.leaders[1:4])}" in text


def test_a_restorers_page_has_its_scores_failures_and_environment(
    site: Site, fabricated: ReportData
) -> None:
    text = site[1]["site/restorer-median.html"].text
    own = [row for row in fabricated.rows if row["restorer"] == "median"]
    row = next(row for row in own if row["metric"] == "psnr")
    assert f"{row['mean']:.2f}" in text
    for words in (
        "took longer than 600 s", "does not super-resolve", "s an image", "numpy", "Apache-2.0",
    ):  # fmt: skip
        assert words in text
    assert "size mismatch" not in text, "of another restorer"


def test_an_images_page_has_every_score_of_it(site: Site, fabricated: ReportData) -> None:
    samples, scores = fabricated.data.samples, fabricated.data.scores
    key = min(key for key in samples if key[0] == "photos-sigma25")
    page = site[1][f"site/image-photos-sigma25-{key[1]}.html"]
    scores = [score for score in scores if (score.cell.set, score.cell.image) == key]
    assert len(scores) > 10
    for score in scores:
        assert f"{score.value:.{2 if score.metric == 'psnr' else 4}f}" in page.text
    viewer = next(item for item in page.all("div") if item.get("class") == "viewer")
    size = (viewer["data-width"], viewer["data-height"])
    assert (*size, viewer["data-left"]) == ("128", "128", "degraded")


def test_every_link_and_file_is_in_the_folder(site: Site) -> None:
    folder, pages = site
    for name, page in pages.items():
        here = (folder / name).parent
        for tag, attributes in page.tags:
            for key in ("src", "href", "data-src"):
                address = attributes.get(key)
                if address is not None and not address.startswith("#"):
                    assert not re.match(r"[a-z]+:|//", address), (tag, address)
                    target = (here / unquote(address.partition("#")[0])).resolve()
                    assert target.is_file(), (name, address)
                    assert target.is_relative_to(folder.resolve())
        assert not {"action", "srcset", "poster", "style"} & page.attribute_names()
    for sheet in (folder / "site" / "static").glob("*.css"):
        assert not re.findall(r"@import|url\(", sheet.read_text())


def test_images_are_lazy_and_of_known_size(site: Site) -> None:
    images = [attributes for page in site[1].values() for attributes in page.all("img")]
    assert len(images) > 50
    assert {attributes.get("loading") for attributes in images} == {"lazy"}
    assert all(attributes.get("width") and "alt" in attributes for attributes in images)


def test_pages_allow_no_script_but_the_reports_own(site: Site) -> None:
    for page in site[1].values():
        policies = [a for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
        policy = policies[0]["content"]
        assert policy is not None
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        scripts = [attributes.get("src", "") for attributes in page.all("script")]
        assert all(source.split("static/")[-1] for source in scripts)
        assert not {name for name in page.attribute_names() if name.startswith("on")}


OWN_SCRIPT = r"(site/)?(static/[a-z-]+|data/board)\.js"


def test_a_hostile_run_is_inert(fabricated: ReportData, tmp_path: Path) -> None:
    run = tmp_path / "run"
    secret = tmp_path / "secret.png"
    write_image(secret, np.zeros((3, 128, 128), np.float32))
    data = hostile(fabricated.data, MARKUP, "../secret.png")
    for number, key in enumerate(data.samples):
        degraded, reference = (run / preview(*key, kind) for kind in ("degraded", "reference"))
        reference.parent.mkdir(parents=True, exist_ok=True)
        write_image(reference, np.full((3, 128, 128), (1 + number) / 255, np.float32))
        degraded.symlink_to(secret)
    report = replace(assemble(data, run), title=MARKUP, notes=MARKUP)
    out = tmp_path / "deep" / "report"
    out.mkdir(parents=True)
    pages = write(report, out)
    kinds = {re.sub(r"site/([a-z]+)-.*", r"\1", name) for name in pages}
    assert {"index.html", "set", "restorer", "image"} <= kinds
    for name, page in pages.items():
        sources = [attributes.get("src") for attributes in page.all("script")]
        assert all(source and re.fullmatch(OWN_SCRIPT, source) for source in sources), name
        assert len(page.all("title")) == 1
        assert not page.all("style")
        assert not {name for name in page.attribute_names() if name.startswith("on")}
        assert "{{ 7*7 }}" in page.text
        assert "\u202e" not in page.source
    assert any("alert(1)" in page.text for page in pages.values())
    assert any("refused: the path leads out of the run" in page.text for page in pages.values())
    files = [path for path in out.rglob("*") if path.is_file()]
    assert {path.name for path in tmp_path.iterdir()} == {"run", "secret.png", "deep"}
    assert all(
        re.fullmatch(r"[a-z0-9-]+\.(html|png|webp|css|js|svg|json)", path.name) for path in files
    )
    pixels = [path for path in files if path.suffix == ".png"]
    hashes = {sample.reference_sha256 for sample in data.samples.values()}
    assert len(pixels) == len(hashes), "the references alone"
    assert not any(path.read_bytes() == secret.read_bytes() for path in pixels)


def test_a_page_can_be_named_and_what_an_earlier_report_left_goes(
    fabricated: ReportData, tmp_path: Path
) -> None:
    folder = tmp_path / "mine-files"
    (folder / "pixels" / "old").mkdir(parents=True)
    old = ("pixels/old/0.png", "set-old.html", "thumbnails/old.webp")
    stale = [folder / name for name in old]
    stale[2].parent.mkdir()
    for path in (*stale, folder / "keep.txt"):
        path.touch()
    assert HTMLReport().write(fabricated, tmp_path / "mine.html") == tmp_path / "mine.html"
    assert not any(path.exists() for path in stale)
    assert (folder / "keep.txt").exists()
    assert 'href="../mine.html"' in next(folder.glob("set-*.html")).read_text()


def test_an_empty_run_still_makes_a_page(fabricated: ReportData, tmp_path: Path) -> None:
    nothing = dict.fromkeys(("scores", "failures", "restored", "skipped"), ())
    empty = replace(fabricated.data, samples={}, **nothing)
    page = write(assemble(empty, tmp_path), tmp_path)["index.html"]
    assert "No restorer has a score yet" in page.text


@pytest.mark.parametrize("name", ["reference", "degraded"])
def test_a_restorer_called_as_a_picture_is_told_apart(
    name: str, fabricated: ReportData, tmp_path: Path
) -> None:
    def new(restorer: str) -> str:
        return name if restorer == "tv" else restorer

    def rename(items: Sequence[Any]) -> tuple[Any, ...]:
        cells = [replace(item.cell, restorer=new(item.cell.restorer)) for item in items]
        return tuple(replace(item, cell=cell) for item, cell in zip(items, cells, strict=True))

    data = fabricated.data
    cards = {new(key): card for key, card in data.run.restorers.items()}
    run = replace(data.run, restorers=cards)
    renamed = replace(data, scores=rename(data.scores), restored=rename(data.restored), run=run)
    pages = write(assemble(renamed, fabricated.run_folder), tmp_path)
    for address, page in pages.items():
        if "image-photos-sigma25" in address:
            labels = [item["data-label"] for item in page.all("figure") if "data-label" in item]
            assert len(labels) == len(set(labels))
            assert {name, f"{name} (restorer)"} <= set(labels)
