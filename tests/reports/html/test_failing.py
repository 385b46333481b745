"""Where restorers fail: a row for every image, the worst first, that leads to the picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
from pages import Page, write

from harness.protocols.report import ReportData
from harness.reporting.assemble import assemble
from harness.results import Cell, Score
from reports.html import failing, restorer_pages
from reports.html.failing import extremes, matrices
from reports.pivot import set_tables

Site = tuple[Path, dict[str, Page]]
NOISE = "photos-sigma25"


def own_scores(report: ReportData, restorer: str, name: str) -> dict[str, float]:
    return {
        score.cell.image: score.value
        for score in report.data.scores
        if (score.cell.restorer, score.cell.set, score.metric) == (restorer, name, "psnr")
    }


def test_matrices_hold_what_a_walk_over_the_scores_finds(fabricated: ReportData) -> None:
    found = matrices(fabricated, set_tables(fabricated))
    for name, item in found.items():
        for place, restorer in enumerate(item.restorers):
            row = dict(zip(item.images, item.values[place].tolist(), strict=True))
            there = {image: value for image, value in row.items() if not np.isnan(value)}
            assert there == own_scores(fabricated, restorer, name)


def test_the_worst_and_best_of_each_restorer_come_first(fabricated: ReportData) -> None:
    tables = set_tables(fabricated)
    found = matrices(fabricated, tables)
    restorers = found["photos-x2"].restorers
    first = [image for name, image in extremes(found) if name == "photos-x2"]
    for place, restorer in enumerate(restorers):
        scores = own_scores(fabricated, restorer, "photos-x2")
        if scores:
            assert first[place] == min(scores, key=lambda image: scores[image])
            assert first[len(restorers) + place] == max(scores, key=lambda image: scores[image])


def test_the_page_of_a_set_has_a_row_for_every_image(site: Site, fabricated: ReportData) -> None:
    page = site[1]["site/set-photos-x2.html"]
    leader = next(t for t in set_tables(fabricated) if t.set == "photos-x2").lines[0].restorer
    scores = own_scores(fabricated, leader, "photos-x2")
    order = sorted(scores, key=lambda image: scores[image])
    text = page.text[page.text.index("Where they fail") :]
    assert [text.index(image) for image in order] == sorted(text.index(image) for image in order)
    links = [str(a["href"]) for a in page.all("a") if str(a.get("href")).startswith("image-")]
    assert links
    assert all(parse_qs(link.partition("#")[2])["right"] == [leader] for link in links)
    assert {link.partition("#")[0] for link in links} <= {
        name.removeprefix("site/") for name in site[1]
    }


def test_the_page_of_a_restorer_has_them_too_and_opens_its_own_picture(
    site: Site, fabricated: ReportData
) -> None:
    page = site[1]["site/restorer-tv.html"]
    scores = own_scores(fabricated, "tv", NOISE)
    worst, best = (choose(scores, key=lambda image: scores[image]) for choose in (min, max))
    assert page.text.index(worst) < page.text.index(best), "the verdict names both"
    links = [str(a["href"]) for a in page.all("a") if str(a.get("href")).startswith("image-")]
    assert len(links) >= 2 + len(scores)
    assert all(parse_qs(link.partition("#")[2])["right"] == ["tv"] for link in links)


def test_the_pictures_of_a_restorer_are_its_worst_and_best(
    site: Site, fabricated: ReportData, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(restorer_pages, "MOST_PICTURES", 4)
    page = write(fabricated, tmp_path / "report")["site/restorer-tv.html"]
    shown = page.text[page.text.index("Pictures") :]
    scores = own_scores(fabricated, "tv", NOISE)
    paged = {name.split(NOISE)[1][1:-5] for name in site[1] if f"image-{NOISE}" in name}
    worst_first = sorted(paged & set(scores), key=lambda image: scores[image])
    assert worst_first[0] in shown
    assert worst_first[-1] in shown
    assert worst_first[len(worst_first) // 2] not in shown


def test_many_images_have_pages_of_their_own(fabricated: ReportData, tmp_path: Path) -> None:
    generator = np.random.default_rng(4)
    scores = [
        Score(Cell(name, NOISE, f"i{n:04}"), "psnr", float(generator.normal(30, 3)))
        for name in ("tv", "median", "gaussian")
        for n in range(1200)
    ]
    data = replace(fabricated.data, scores=scores, samples={}, restored=(), failures=())
    pages = write(assemble(data, tmp_path), tmp_path / "report")
    listed = [name for name in pages if name.startswith("site/images-")]
    assert listed == [f"site/images-{NOISE}-{n}.html" for n in (1, 2, 3)]
    rows = [row for name in listed for row in pages[name].all("tr")]
    assert len(rows) == 1200 + len(listed), "and a head each"
    first = pages[f"site/set-{NOISE}.html"]
    assert f"The first {failing.MOST_ROWS} of 1200 images" in " ".join(first.text.split())
    sizes = [path.stat().st_size for path in (tmp_path / "report").rglob("*.html")]
    assert max(sizes) < 2_000_000
