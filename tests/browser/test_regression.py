"""The regression page and the history page in a real browser.

No error, nothing fetched from elsewhere, no overflow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fabricated_run import fabricate

from harness.reporting.assemble import assemble
from harness.results import ChangedImage, Comparison, Finding, History, Trend, TrendPoint, Verdict
from reports.history.page import HistoryPage
from reports.html.report import HTMLReport

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
NAME = "<img src=x onerror=\"document.title='owned'\">"


@pytest.fixture(scope="module")
def regression_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run in which one restorer lost on one image.

    `identity` stands for its earlier self.
    """
    run = tmp_path_factory.mktemp("regression")
    report = assemble(fabricate(run, images=2, side=128), run, title=NAME)
    files = {item.cell: item.path for item in report.data.restored}
    noise = "photos-sigma25"
    before = next(cell for cell in files if (cell.restorer, cell.set) == ("identity", noise))
    changed = ChangedImage(before.image, 31.5, 30.0, -1.5, run / files[before])
    finding = Finding(
        "tv", noise, "psnr", Verdict.REGRESSED, -1.5, ci_low=-2.0, ci_high=-1.0, p=0.001,
        n=2, worst_image=before.image, reason=NAME, worst=(changed,),
    )  # fmt: skip
    HTMLReport().write(replace(report, comparison=Comparison(NAME, "", (finding,))), run / "report")
    return run / "report" / "site" / "regression.html"


@pytest.fixture(scope="module")
def history_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a history with a step, and with markup for a name."""
    points = tuple(
        TrendPoint(f"run{i}", "", 30 - (i > 3), -1.0 if i == 4 else None, True) for i in range(8)
    )
    trend = Trend("b", "noise", "psnr", NAME, "dB", True, 24, points)
    history = History((trend,), tuple(p.run for p in points), (NAME,))
    return HistoryPage().write(history, tmp_path_factory.mktemp("history") / "history.html")


@pytest.mark.parametrize("page", ["regression_page", "history_page"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_inert_and_fits_a_telephone(
    open_page: Open, request: pytest.FixtureRequest, page: str, scheme: str
) -> None:
    path: Path = request.getfixturevalue(page)
    visit = open_page(path, color_scheme=scheme, viewport={"width": 360, "height": 700})
    visit.load_images()
    assert visit.logged == []
    assert all(url.startswith(path.parent.as_uri()) for url in visit.requests)
    assert visit.page.evaluate("document.title") != "owned"
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
    background = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(background[4:].split(",")[0]) < 128) == (scheme == "dark")


@pytest.mark.chromium
def test_it_opens_with_before_beside_after_and_shows_the_difference(
    open_page: Open, regression_page: Path
) -> None:
    visit = open_page(regression_page)
    assert "before" in visit.page.inner_text(".viewer-tag.left")
    assert "after" in visit.page.inner_text(".viewer-tag.right")
    assert "31.50 dB" in visit.page.inner_text(".viewer-tag.left")
    whole = visit.page.locator(".viewer-canvas").first.screenshot()
    visit.page.locator("label", has_text="difference").first.click()
    visit.page.wait_for_selector(".viewer-stage[data-ready='true']")
    assert visit.page.locator(".viewer-canvas").first.screenshot() != whole
    assert visit.logged == []


def test_findings_come_first_and_no_word_is_stacked_by_letters(
    open_page: Open, regression_page: Path
) -> None:
    visit = open_page(regression_page, viewport={"width": 390, "height": 800})
    places = [
        visit.page.locator(selector).bounding_box()["y"] for selector in ("#findings", "#images")
    ]
    assert places[0] < places[1]
    word = visit.page.locator(".findings td", has_text="regressed").first
    assert word.bounding_box()["height"] < 60
    assert "psnr 31.50 dB" in visit.page.inner_text("figure[data-label='before'] figcaption")


@pytest.mark.parametrize("page", ["regression_page", "history_page"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(
    open_page: Open, request: pytest.FixtureRequest, page: str, scheme: str, axe: str
) -> None:
    assert open_page(request.getfixturevalue(page), color_scheme=scheme).barriers(axe) == []
