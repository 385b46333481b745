"""The page of a regression check: the images that lost most, before and after.

Every outcome has its words.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pages import MARKUP, Page, write

from harness.protocols.report import ReportData
from harness.results import ChangedImage, Comparison, Finding, Verdict
from reports.html.regression_page import verdict_in_words

NOISE = "photos-sigma25"


def judged(report: ReportData, before: Path | None, baseline: str = "runs/old") -> ReportData:
    """The run, in which `tv` lost on two images of one set."""
    cells = {score.cell for score in report.data.scores}
    images = sorted(cell.image for cell in cells if cell.restorer == "tv")[:2]
    worst = tuple(
        ChangedImage(image, 31.5, 30.0 - place, -1.5 - place, before)
        for place, image in enumerate(images)
    )
    finding = Finding(
        "tv", NOISE, "psnr", Verdict.REGRESSED, -2.0, ci_low=-2.5, ci_high=-1.5, p=0.0001,
        n=8, worst_image=images[0], worst=worst,
    )  # fmt: skip
    slow = Finding(
        "tv", NOISE, "seconds", Verdict.INCOMPARABLE, 0.5, ci_low=0.2, ci_high=0.9,
        n=8, reason="cores: 2, now 4",
    )  # fmt: skip
    same = Finding("identity", NOISE, "psnr", Verdict.EQUAL, 0.0)
    return replace(report, comparison=Comparison(baseline, "2026-01-01", (same, slow, finding)))


def restored(report: ReportData) -> Path:
    """Some restored image of the run, which stands for the baseline's."""
    image = next(item for item in report.data.restored if item.cell.set == NOISE)
    return report.run_folder / image.path


def viewers(page: Page) -> list[dict[str, str | None]]:
    return [attributes for attributes in page.all("div") if attributes.get("class") == "viewer"]


def test_the_images_that_lost_most_are_shown_before_and_after(
    fabricated: ReportData, tmp_path: Path
) -> None:
    pages = write(judged(fabricated, restored(fabricated)), tmp_path)
    page = pages["site/regression.html"]
    sides = [(item["data-left"], item["data-right"]) for item in viewers(page)]
    assert sides == [("before", "after")] * 2
    pictures = [attributes for attributes in page.all("figure") if attributes.get("data-src")]
    shown = [attributes["data-label"] for attributes in pictures]
    assert shown == ["degraded", "before", "after", "reference"] * 2
    for attributes in pictures:
        assert (tmp_path / "site" / str(attributes["data-src"])).is_file()
    for words in (
        "Worse than the baseline: tv.", "31.50 → 30.00", "−2.50 to −1.50", "+50.0 %",
        "cores: 2, now 4",
    ):  # fmt: skip
        assert words in page.text
    assert "Worse than the baseline: tv." in pages["index.html"].text
    links = [attributes.get("href") for attributes in pages["index.html"].all("a")]
    assert "site/regression.html" in links


def test_a_baseline_file_has_no_images_and_the_page_says_so(
    fabricated: ReportData, tmp_path: Path
) -> None:
    page = write(judged(fabricated, None, MARKUP), tmp_path)["site/regression.html"]
    sides = {(item["data-left"], item["data-right"]) for item in viewers(page)}
    assert sides == {("reference", "after")}
    assert "holds hashes and no images" in page.text
    assert "<script>alert" not in page.source


def test_without_a_baseline_there_is_no_page_and_a_stale_one_goes(
    fabricated: ReportData, tmp_path: Path
) -> None:
    assert "site/regression.html" in write(judged(fabricated, None), tmp_path)
    pages = write(fabricated, tmp_path)
    assert "site/regression.html" not in pages
    assert "Regression check" not in pages["index.html"].text
    assert not list((tmp_path / "site" / "pixels").glob("regression-*"))


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict.REGRESSED, "Worse than the baseline: tv."),
        (Verdict.FAILED, "fails now: tv."),
        (Verdict.IMPROVED, "No regression."),
        (Verdict.NEW, "Nothing was comparable"),
    ],
)
def test_the_answer_in_a_sentence(verdict: Verdict, words: str) -> None:
    assert words in verdict_in_words(Comparison("b", "", (Finding("tv", "s", "psnr", verdict),)))
