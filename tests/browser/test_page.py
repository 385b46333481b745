"""The page in a real browser, from disk: sorting, filtering, dark mode, and no request but for its own crops."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "reports"))

from fabricated_run import fabricate, hostile

from harness.report_data import assemble
from reports.html.report import HTMLReport

pytestmark = pytest.mark.browser

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("run")
    data = fabricate(run, images=6, side=128)
    HTMLReport().write(assemble(data, run), run / "report")
    name = "</script><script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
    HTMLReport().write(assemble(hostile(data, name, "../x.png"), run), run / "hostile")
    return run


@pytest.fixture
def visit(open_page: Open, folder: Path) -> Iterator[Any]:
    visit = open_page(folder / "report" / "index.html")
    yield visit
    visit.page.close()


def test_no_error_and_no_request_outside_the_folder(visit: Any, folder: Path) -> None:
    widths = visit.load_images()
    assert len(widths) > 20
    assert min(widths) > 0
    assert visit.logged == []
    assert all(url.startswith((folder / "report").as_uri()) for url in visit.requests)


def test_sorting_by_click_and_keyboard(visit: Any) -> None:
    header = visit.page.locator("#board thead th").nth(2)
    header.locator("button").click()
    values = [float(value) for value in visit.column(2) if value]
    assert values == sorted(values, reverse=True)
    assert header.get_attribute("aria-sort") == "descending"  # best first: higher is better
    assert visit.column(2)[-1] == ""  # what is missing comes last
    header.locator("button").focus()
    visit.page.keyboard.press("Enter")
    values = [float(value) for value in visit.column(2) if value]
    assert values == sorted(values)
    assert header.get_attribute("aria-sort") == "ascending"
    assert visit.column(2)[-1] == ""
    visit.page.locator("#board thead th").nth(0).locator("button").click()
    assert visit.column(0) == sorted(visit.column(0))
    assert visit.page.locator("#board [aria-sort]").count() == 1


def test_a_lower_is_better_column_starts_with_the_lowest(visit: Any) -> None:
    header = visit.page.locator("#board thead th", has_text="blur-effect")
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "ascending"


def test_filtering_by_set_and_text(visit: Any) -> None:
    everything = len(visit.column(0))
    visit.page.select_option("#filter-set", "photos-x2")
    assert set(visit.column(1)) == {"photos-x2"}
    visit.page.fill("#filter-text", "BICUBIC")
    assert visit.column(0) == ["bicubic"]
    assert visit.page.inner_text("#filter-count") == f"1 of {everything} rows"
    visit.page.select_option("#filter-set", "")
    visit.page.fill("#filter-text", "")
    assert len(visit.column(0)) == everything


def test_dark_mode_inverts_paper_and_ink_and_the_plots_follow(open_page: Open, folder: Path) -> None:
    def lightness(scheme: str) -> tuple[float, float]:
        visit = open_page(folder / "report" / "index.html", color_scheme=scheme)
        script = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"
        colours = [
            visit.page.evaluate(script, ["body", "backgroundColor"]),
            visit.page.evaluate(script, [".plot text", "fill"]),
        ]
        visit.page.close()
        paper, ink = (sum(int(part) for part in colour[4:-1].split(",")) / 3 for colour in colours)
        return paper, ink

    light, dark = lightness("light"), lightness("dark")
    assert light[0] > 200 > 140 > light[1]
    assert dark[0] < 60 < 120 < dark[1]


def test_without_javascript_it_is_a_plain_table(open_page: Open, folder: Path) -> None:
    visit = open_page(folder / "report" / "index.html", java_script_enabled=False)
    assert visit.page.locator("#board tbody tr").count() > 10
    assert visit.page.locator("#board button").count() == 0
    assert not visit.page.locator(".filters").is_visible()
    visit.page.close()


def test_a_narrow_screen_does_not_scroll_sideways(open_page: Open, folder: Path) -> None:
    visit = open_page(folder / "report" / "index.html", viewport={"width": 360, "height": 800})
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
    visit.page.close()


def test_hostile_names_run_nothing(open_page: Open, folder: Path) -> None:
    visit = open_page(folder / "hostile" / "index.html")
    visit.page.wait_for_timeout(200)
    assert "owned" not in visit.page.evaluate("document.title").split(" · ")
    assert visit.page.locator("img[onerror]").count() == 0
    assert visit.logged == []
    visit.page.close()
