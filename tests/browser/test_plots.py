"""Plots in a real browser: what a point says, where it leads, what is selected, and files."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
PLOT = "figure[data-marks]"
PLACE = """(figure, name) => {
  const marks = JSON.parse(figure.dataset.marks);
  const mark = marks.find((item) => item.name === name && item.link) ?? marks[0];
  const svg = figure.querySelector("svg");
  const box = svg.getBoundingClientRect();
  const { width, height } = svg.viewBox.baseVal;
  return [box.left + mark.x * box.width / width, box.top + mark.y * box.height / height];
}"""


def point(figure: Any, name: str) -> list[float]:
    """Where a restorer's point is on the screen."""
    figure.scroll_into_view_if_needed()
    figure.page.wait_for_timeout(500)
    place: list[float] = figure.evaluate(PLACE, name)
    return place


@pytest.fixture
def index(open_page: Open, folder: Path) -> Any:
    return open_page(folder / "report" / "index.html", viewport={"width": 1440, "height": 900})


@pytest.fixture
def set_page(open_page: Open, folder: Path) -> Any:
    path = folder / "report" / "site" / "set-photos-sigma25.html"
    return open_page(path, viewport={"width": 1440, "height": 900})


def test_a_point_says_what_it_is_and_leads_to_its_page(index: Any) -> None:
    figure = index.page.locator(PLOT).first
    index.page.mouse.move(*point(figure, "tv"))
    said = figure.locator(".plot-said")
    assert re.fullmatch(r"tv psnr \d+\.\d\d dB, [\d.<]+ s", said.inner_text())
    row = index.page.locator("#board tr[data-restorer='tv']").first
    assert "pointed" in (row.get_attribute("class") or "")
    index.page.mouse.click(*point(figure, "tv"))
    index.page.wait_for_url("**/restorer-tv.html")


def test_a_row_shows_its_point(index: Any) -> None:
    index.page.locator("#board tr[data-restorer='tv'] td").first.hover()
    assert index.page.locator(PLOT).first.locator(".plot-said").inner_text().startswith("tv ")


def test_points_are_selected_by_a_drag_with_their_rows_and_in_the_address(
    index: Any, open_page: Open, folder: Path
) -> None:
    x, y = point(index.page.locator(PLOT).first, "wavelet")
    index.page.mouse.move(x - 20, y - 20)
    index.page.mouse.down()
    index.page.mouse.move(x + 20, y + 20, steps=4)
    index.page.mouse.up()
    picked = index.page.locator("#board tr.picked")
    assert "wavelet" in picked.evaluate_all("rows => rows.map((row) => row.dataset.restorer)")
    other = open_page(folder / "report" / "index.html", index.page.evaluate("location.hash"))
    assert other.page.locator("#board tr.picked").count() == picked.count()
    index.page.keyboard.press("Escape")
    assert picked.count() == 0
    assert "pick" not in index.page.evaluate("location.hash")


def test_points_by_keyboard(index: Any) -> None:
    figure = index.page.locator(PLOT).first
    figure.locator(".plot").focus()
    index.page.keyboard.press("ArrowRight")
    first = figure.locator(".plot-said b").inner_text()
    index.page.keyboard.press("ArrowRight")
    second = figure.locator(".plot-said b").inner_text()
    assert first != second
    index.page.keyboard.press(" ")
    picked = index.page.locator("#board tr.picked").first.get_attribute("data-restorer")
    assert picked == second
    index.page.keyboard.press("Enter")
    index.page.wait_for_url(f"**/restorer-{second}.html")


def test_points_by_touch(open_page: Open, folder: Path) -> None:
    telephone = {"width": 390, "height": 800}
    path = folder / "report" / "index.html"
    visit = open_page(path, has_touch=True, is_mobile=True, viewport=telephone)
    visit.page.touchscreen.tap(*point(visit.page.locator(PLOT).first, "tv"))
    visit.page.wait_for_url("**/restorer-tv.html")


def test_a_dot_of_a_distribution_opens_its_image_with_its_restorer(set_page: Any) -> None:
    figure = set_page.page.locator(PLOT).filter(has=set_page.page.locator(".plot.boxes"))
    set_page.page.mouse.move(*point(figure, "median"))
    said = figure.locator(".plot-said").inner_text()
    assert re.match(r"median, [a-z]+-\d+-\d+ \d+\.\d\d dB", said)
    set_page.page.mouse.click(*point(figure, "median"))
    set_page.page.wait_for_url("**/image-photos-sigma25-*.html#*")
    set_page.page.wait_for_timeout(300)
    assert set_page.page.inner_text(".viewer-tag.right").startswith("median")


@pytest.mark.chromium
@pytest.mark.parametrize("number", [0, 2], ids=["points", "ranks"])
def test_a_plot_is_kept_as_svg_and_as_png(number: int, set_page: Any) -> None:
    figure = set_page.page.locator("figure[data-name]").nth(number)
    with set_page.page.expect_download() as waiting:
        figure.get_by_role("button", name="Keep as SVG").click()
    svg = waiting.value.path().read_text()
    assert svg.startswith("<svg")
    assert not re.search(r"var\(|currentColor|class=\"current\"", svg)
    assert "tv-strong" in svg
    with set_page.page.expect_download() as waiting:
        figure.get_by_role("button", name="Keep as PNG").click()
    with PillowImage.open(waiting.value.path()) as image:
        pixels = np.asarray(image.convert("L"))
    assert image.width > 1_500
    assert pixels.max() > 240 > 100 > pixels.min(), "there is ink on it"
    assert set_page.logged == []


def test_names_of_a_hundred_restorers_do_not_collide(open_page: Open, many_restorers: Path) -> None:
    path = min((many_restorers / "site").glob("set-*.html"))
    visit = open_page(
        path, "#pick=" + "%0A".join(f"network-{n:03d}-{'lsx'[n % 3]}" for n in range(40))
    )
    visit.page.locator(PLOT).first.scroll_into_view_if_needed()
    visit.page.wait_for_timeout(500)
    for figure in visit.page.locator(PLOT).all()[:2]:
        boxes = figure.locator(".names text").evaluate_all(
            "texts => texts.map((text) => { const box = text.getBBox();"
            " return [box.x, box.y + 2, box.x + box.width, box.y + box.height - 2]; })"
        )
        assert len(boxes) >= 10
        for place, (left, top, right, bottom) in enumerate(boxes):
            for x0, y0, x1, y1 in boxes[:place]:
                assert right <= x0 or x1 <= left or bottom <= y0 or y1 <= top
        assert figure.locator(".label:visible").count() == 0
    assert visit.logged == []


def test_names_stay_clear_of_what_is_written_on_the_axes(
    open_page: Open, many_restorers: Path
) -> None:
    visit = open_page(many_restorers / "index.html")
    visit.page.locator(PLOT).first.scroll_into_view_if_needed()
    visit.page.wait_for_timeout(500)
    boxes = """texts => texts.map((text) => text.getBoundingClientRect())
      .filter((box) => box.width).map((box) => [box.left, box.top, box.right, box.bottom])"""
    for figure in visit.page.locator(PLOT).all()[:2]:
        names = figure.locator(".names text").evaluate_all(boxes)
        axes = figure.locator("svg text:not(.names text)").evaluate_all(boxes)
        assert names
        assert len(axes) >= 6
        for left, top, right, bottom in names:
            for x0, y0, x1, y1 in axes:
                assert right <= x0 or x1 <= left or bottom <= y0 or y1 <= top


def test_without_javascript_plots_have_their_own_names(open_page: Open, folder: Path) -> None:
    path = folder / "report" / "site" / "set-photos-sigma25.html"
    visit = open_page(path, java_script_enabled=False)
    assert visit.page.locator(".plot .label:visible").count() >= 4
    assert visit.page.locator(".plot-buttons").count() == 0
