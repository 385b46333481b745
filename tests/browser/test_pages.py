"""Every kind of page in a real browser, dark and narrow too: no error, no barrier.

No request leaves the report's folder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from visits import kinds

pytestmark = pytest.mark.browser

Open = Callable[..., Any]


def test_no_error_and_no_request_outside_the_folder(open_page: Open, folder: Path) -> None:
    pages = kinds(folder / "report")
    shown = {path.name.partition("-")[0] for path in pages}
    assert shown >= {"index.html", "set", "restorer", "image"}
    home = (folder / "report").as_uri()
    for path in pages:
        visit = open_page(path)
        widths = visit.load_images()
        assert all(widths), path.name
        assert visit.logged == [], path.name
        assert all(url.startswith(home) for url in visit.requests), path.name


def test_hostile_names_run_nothing(open_page: Open, folder: Path) -> None:
    home = (folder / "hostile").as_uri()
    for path in kinds(folder / "hostile"):
        visit = open_page(path)
        visit.load_images()
        assert visit.page.evaluate("document.title") != "owned"
        assert visit.page.locator("img[onerror], script:not([src])").count() == 0
        assert visit.logged == [], path.name
        assert all(url.startswith(home) for url in visit.requests), path.name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier(scheme: str, open_page: Open, folder: Path, axe: str) -> None:
    for path in kinds(folder / "report"):
        visit = open_page(path, color_scheme=scheme)
        for details in visit.page.query_selector_all("details:not([open], .menu)"):
            details.evaluate("element => { element.open = true; }")
        assert visit.barriers(axe) == [], path.name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("kind", "hash"),
    [
        ("index", "#view=borda&pin=tv&numbers=1"),
        ("index", "#view=metric+psnr&sort=rank+ascending"),
        ("image", "#mode=grid&region=20,20,40,30"),
        ("image", "#mode=difference&as=colours"),
        ("image", "#mode=blink"),
    ],
)
def test_axe_finds_no_barrier_with_menus_open(
    kind: str, hash: str, scheme: str, open_page: Open, folder: Path, axe: str
) -> None:
    path = next(path for path in kinds(folder / "report") if path.name.startswith(kind))
    visit = open_page(path, hash, color_scheme=scheme)
    visit.page.wait_for_timeout(400)
    for details in visit.page.query_selector_all("details"):
        details.evaluate("element => { element.open = true; }")
    if kind == "index":
        visit.page.locator("[data-copy='CSV']").click()
    assert visit.logged == []
    assert visit.barriers(axe) == []


TARGETS = """() => [...document.querySelectorAll("button, summary, input, select, nav a")]
  .filter((element) => element.offsetParent && !element.closest(".segments"))
  .map((element) => [element.outerHTML.slice(0, 90), element.closest("label") ?? element])
  .map(([text, element]) => [text, element.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.height < 23.5 || box.width < 23.5))
  .map(([text, box]) => `${text} ${Math.round(box.width)} x ${Math.round(box.height)}`)"""


def test_targets_are_large_enough_for_a_finger(open_page: Open, folder: Path) -> None:
    for path in kinds(folder / "report"):
        visit = open_page(path, viewport={"width": 390, "height": 800})
        visit.page.wait_for_timeout(200)
        assert visit.page.evaluate(TARGETS) == [], path.name


CONTRAST = """(element) => {
  const parse = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (colour) => {
    const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = parse(colour).map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = getComputedStyle(document.body).backgroundColor;
  const glyph = element.matches("button") && element.closest("th");
  const style = getComputedStyle(element, glyph ? "::after" : null);
  const ink = glyph ? style.color : style.borderTopColor;
  const [low, high] = [light(paper), light(ink)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_borders_of_fields_and_glyphs_of_sorting_can_be_seen(
    scheme: str, open_page: Open, folder: Path
) -> None:
    visit = open_page(folder / "report" / "index.html", color_scheme=scheme)
    for selector in ("#filter-set", "#filter-q", "#filter-reset", "[data-copy='CSV']"):
        assert visit.page.locator(selector).evaluate(CONTRAST) >= 3, selector
    assert visit.page.locator("#board thead button").first.evaluate(CONTRAST) >= 3


@pytest.mark.chromium
def test_a_printed_image_page_is_not_cut_off(open_page: Open, folder: Path) -> None:
    path = next(path for path in kinds(folder / "report") if path.name.startswith("image"))
    visit = open_page(path, "#region=20,20,40,30", viewport={"width": 1440, "height": 900})
    visit.page.wait_for_timeout(500)
    visit.page.emulate_media(media="print")
    visit.page.set_viewport_size({"width": 700, "height": 900})
    visit.page.wait_for_timeout(300)
    for selector in (".viewer-canvas", ".sheet-canvas", ".pictures", "#scores table"):
        box = visit.page.locator(selector).bounding_box()
        assert box["x"] >= 0, selector
        assert box["x"] + box["width"] <= 700, selector


def test_marks_in_a_printed_table_are_no_larger_than_its_text(
    open_page: Open, folder: Path
) -> None:
    page = open_page(folder / "report" / "index.html").page
    page.emulate_media(media="print")
    size = "items => items.map((item) => parseFloat(getComputedStyle(item).fontSize))"
    marks = page.eval_on_selector_all("#board .tag", size)
    assert marks
    assert max(marks) <= min(page.eval_on_selector_all("#board td", size))


def test_dark_mode_inverts_paper_and_ink_and_the_plots_follow(
    open_page: Open, folder: Path
) -> None:
    page = next(path for path in kinds(folder / "report") if path.name.startswith("set-"))

    def lightness(scheme: str) -> tuple[float, float]:
        visit = open_page(page, color_scheme=scheme)
        script = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"
        colours = [
            visit.page.evaluate(script, ["body", "backgroundColor"]),
            visit.page.evaluate(script, [".plot text", "fill"]),
        ]
        paper, ink = (sum(int(part) for part in colour[4:-1].split(",")) / 3 for colour in colours)
        return paper, ink

    light, dark = lightness("light"), lightness("dark")
    assert light[0] > 200 > 140 > light[1]
    assert dark[0] < 60 < 120 < dark[1]


def test_a_narrow_screen_does_not_scroll_sideways(open_page: Open, folder: Path) -> None:
    for path in kinds(folder / "report"):
        visit = open_page(path, viewport={"width": 360, "height": 800})
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360, path.name
