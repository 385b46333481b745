"""The leaderboard in a real browser, from disk: sorting, filtering, columns, permalinks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

Open = Callable[..., Any]


@pytest.fixture
def visit(open_page: Open, folder: Path) -> Any:
    return open_page(folder / "report" / "index.html")


def header(visit: Any, key: str) -> Any:
    return visit.page.locator(f"#board thead th[data-key='{key}']")


def numbers(values: list[str]) -> list[float]:
    return [float(value) for value in values if value]


def test_sorting_by_click_and_keyboard_within_each_set(visit: Any) -> None:
    head = header(visit, "psnr")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"  # best first: higher is better
    for group in (0, 1):
        values = visit.column("psnr", group)
        assert len(numbers(values)) >= 2
        assert numbers(values) == sorted(numbers(values), reverse=True)
        assert values[-1] == "", "what is missing comes last"
    head.locator("button").focus()
    visit.page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert numbers(visit.column("psnr")) == sorted(numbers(visit.column("psnr")))
    assert visit.column("psnr")[-1] == ""
    header(visit, "restorer").locator("button").click()
    assert visit.column("restorer") == sorted(visit.column("restorer"))
    assert visit.page.locator("#board [aria-sort]").count() == 1


def test_a_lower_is_better_column_starts_with_the_lowest(visit: Any) -> None:
    header(visit, "blur-effect").locator("button").click()
    assert header(visit, "blur-effect").get_attribute("aria-sort") == "ascending"
    assert numbers(visit.column("blur-effect")) == sorted(numbers(visit.column("blur-effect")))


def test_filtering_by_set_task_and_text(visit: Any) -> None:
    everything = visit.page.inner_text("#filter-count").split()[0]
    visit.page.select_option("#filter-set", "photos-x2")
    assert visit.column("restorer", 0) == []
    assert "bicubic" in visit.column("restorer", 1)
    visit.page.fill("#filter-q", "BICUBIC")
    assert visit.column("restorer", 1) == ["bicubic"]
    assert visit.page.inner_text("#filter-count") == f"1 of {everything} rows"
    visit.page.fill("#filter-q", "")
    visit.page.select_option("#filter-set", "")
    visit.page.select_option("#filter-task", "denoise")
    assert visit.column("restorer", 1) == []
    assert "wavelet" in visit.column("restorer", 0)


def test_filtering_by_licence_size_and_speed(visit: Any) -> None:
    visit.page.select_option("#filter-licence", "non-commercial")
    assert visit.column("restorer") == ["wavelet"]
    visit.page.select_option("#filter-licence", "open")
    assert "wavelet" not in visit.column("restorer")
    assert "tv" in visit.column("restorer")
    visit.page.select_option("#filter-licence", "")
    visit.page.select_option("#filter-parameters", "0")
    assert "wavelet" not in visit.column("restorer"), "it has 852,108"
    visit.page.select_option("#filter-parameters", "1000000")
    assert "wavelet" in visit.column("restorer")
    visit.page.select_option("#filter-seconds", "0.01")
    shown = visit.column("seconds")
    assert shown
    assert max(numbers(shown)) <= 0.01
    assert "broken" not in visit.column("restorer"), "it has no time at all"


def test_columns_can_be_chosen_and_intervals_read(visit: Any) -> None:
    visit.page.locator(".columns-menu summary").click()
    assert header(visit, "ssim").is_visible()
    visit.page.locator("#columns input[value='ssim']").uncheck()
    assert not header(visit, "ssim").is_visible()
    interval = visit.page.locator("#board .interval").first
    assert not interval.is_visible()
    visit.page.locator("#columns input[value='numbers']").check()
    intervals = visit.page.locator("#board .interval").all_inner_texts()
    assert any(" to " in text for text in intervals)


def test_a_permalink_shows_the_same_table(visit: Any, open_page: Open, folder: Path) -> None:
    visit.page.select_option("#filter-set", "photos-sigma25")
    visit.page.fill("#filter-q", "apache")
    visit.page.locator(".columns-menu summary").click()
    visit.page.locator("#columns input[value='peak']").uncheck()
    header(visit, "ssim").locator("button").click()
    address = visit.page.url
    assert "#" in address
    other = open_page(folder / "report" / "index.html", "#" + address.partition("#")[2])
    assert other.column("restorer") == visit.column("restorer")
    assert len(other.column("restorer")) > 1
    assert numbers(other.column("ssim")) == sorted(numbers(other.column("ssim")), reverse=True)
    assert header(other, "ssim").get_attribute("aria-sort") == "descending"
    assert not header(other, "peak").is_visible()
    assert other.page.input_value("#filter-q") == "apache"


def test_a_broken_permalink_does_no_harm(open_page: Open, folder: Path) -> None:
    broken = "#set=nowhere&sort=%3Cscript%3E&hide=,,&seconds=-1&q=%00&left=x"
    visit = open_page(folder / "report" / "index.html", broken)
    assert visit.page.inner_text("#filter-count")
    assert visit.logged == []


def test_without_javascript_it_is_a_plain_table(open_page: Open, folder: Path) -> None:
    visit = open_page(folder / "report" / "index.html", java_script_enabled=False)
    assert visit.page.locator("#board tbody tr").count() > 10
    assert visit.page.locator("#board button").count() == 0
    assert not visit.page.locator(".filters").is_visible()
