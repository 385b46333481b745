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
        for details in visit.page.query_selector_all("details:not([open], .columns-menu)"):
            details.evaluate("element => { element.open = true; }")
        assert visit.barriers(axe) == [], path.name


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
