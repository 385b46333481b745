"""The leaderboard in a real browser, from disk: sorting, filtering, columns, permalinks."""

from __future__ import annotations

import csv
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
        assert len(numbers(values)) >= 3
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
    assert "bicubic" in visit.column("restorer", 0)
    assert visit.column("restorer", 1) == []
    visit.page.fill("#filter-q", "BICUBIC")
    assert visit.column("restorer", 0) == ["bicubic"]
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


@pytest.mark.parametrize("width", [320, 390, 1024, 1440])
def test_the_menu_of_columns_stays_on_the_page(open_page: Open, folder: Path, width: int) -> None:
    page = open_page(
        folder / "report" / "index.html", viewport={"width": width, "height": 900}
    ).page
    page.locator(".columns-menu summary").click()
    # it is turned over once it is open
    page.wait_for_timeout(100)
    box = page.locator("#columns").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_columns_can_be_chosen_and_intervals_read(visit: Any) -> None:
    visit.page.locator(".columns-menu summary").click()
    assert header(visit, "ssim").is_visible()
    visit.page.locator("#columns input[value='ssim']").uncheck()
    assert header(visit, "ssim").count() == 0
    assert visit.page.locator("#board .interval").count() == 0
    visit.page.locator("#columns input[value='numbers']").check()
    assert " to " in visit.page.locator("#board .interval").first.inner_text()
    assert visit.page.locator("#board .rank").first.is_visible(), "ranks stay"
    assert visit.page.locator("#columns").is_visible(), "it is still open"
    visit.page.keyboard.press("Escape")
    assert not visit.page.locator("#columns").is_visible()
    assert visit.page.evaluate("document.activeElement.textContent") == "Columns"
    visit.page.locator(".columns-menu summary").click()
    visit.page.mouse.click(5, 5)
    assert not visit.page.locator("#columns").is_visible()


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
    assert header(other, "peak").count() == 0
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


def test_ranks_follow_the_metric_that_is_sorted_by(visit: Any) -> None:
    for key in ("psnr", "blur-effect"):
        header(visit, key).locator("button").click()
        ranks = numbers(visit.column("rank"))
        assert ranks == sorted(ranks)
        assert ranks[0] == 1
    text = visit.page.locator("#board td[data-value]").first.text_content()
    assert text


def test_pinned_rows_stay_on_top_and_reset_takes_everything_back(visit: Any) -> None:
    everything = visit.column("restorer")
    last = everything[-1]
    pin = visit.page.get_by_role("button", name=f"Keep {last} on top").first
    pin.focus()
    visit.page.keyboard.press("Enter")
    assert visit.column("restorer")[0] == last
    header(visit, "psnr").locator("button").click()
    assert visit.column("restorer")[0] == last
    visit.page.fill("#filter-q", "tv")
    assert "pin=" in visit.page.evaluate("location.hash")
    visit.page.click("#filter-reset")
    assert visit.column("restorer") == everything
    assert visit.page.evaluate("location.hash") == ""


def test_with_one_row_on_top_intervals_are_of_the_gap_to_it(visit: Any) -> None:
    visit.page.locator(".columns-menu summary").click()
    visit.page.locator("#columns input[value='numbers']").check()
    visit.page.keyboard.press("Escape")
    place = [
        head.get_attribute("data-key") for head in visit.page.locator("#board th[data-key]").all()
    ]

    def interval(restorer: str) -> str:
        row = visit.page.locator(f"#board tr[data-restorer='{restorer}']").first
        cell = row.locator("th, td").nth(place.index("psnr"))
        return (
            str(cell.locator(".interval").inner_text()) if cell.locator(".interval").count() else ""
        )

    to_best = interval("identity")
    visit.page.get_by_role("button", name="Keep identity on top").first.click()
    assert interval("identity") == ""
    assert interval("tv").startswith("+"), "it is better than the degraded image"
    visit.page.get_by_role("button", name="Keep identity on top").first.click()
    visit.page.get_by_role("button", name="Keep tv on top").first.click()
    assert interval("identity").startswith("−")
    visit.page.get_by_role("button", name="Keep median on top").first.click()
    assert interval("identity") == to_best, "of two, to the best again"


def test_restorers_by_sets_for_one_metric(visit: Any) -> None:
    visit.page.select_option("#filter-view", "metric psnr")
    assert visit.page.locator("#board tbody").count() == 1
    keys = [f"set {name}" for name in ("photos-sigma25", "photos-x2")]
    assert all(header(visit, key).is_visible() for key in keys)
    header(visit, keys[1]).locator("button").click()
    values = visit.column(keys[1])
    assert numbers(values) == sorted(numbers(values), reverse=True)
    assert len(numbers(values)) == 3
    assert "" in values, "denoisers have no score there"
    assert numbers(visit.column("rank"))[:3] == [1, 2, 3]
    visit.page.select_option("#filter-task", "denoise")
    assert header(visit, keys[1]).count() == 0


def test_the_borda_order_of_each_task(visit: Any) -> None:
    visit.page.select_option("#filter-view", "borda")
    assert visit.page.locator("#board tbody").count() == 2
    ranks = numbers(visit.column("rank"))
    assert ranks == sorted(ranks)
    scores = numbers(visit.column("borda"))
    assert scores == sorted(scores, reverse=True)
    assert len(scores) >= 5
    assert "identity" in visit.column("restorer")


def copied(visit: Any, way: str) -> str:
    visit.page.locator(f"[data-copy='{way}']").click()
    text: str = visit.page.input_value("#copied textarea")
    return text


@pytest.mark.chromium
def test_what_is_filtered_is_copied(visit: Any, open_page: Open, folder: Path) -> None:
    visit.page.select_option("#filter-set", "photos-sigma25")
    visit.page.fill("#filter-q", "tv")
    header(visit, "ssim").locator("button").click()
    rows = list(csv.DictReader(copied(visit, "CSV").splitlines()))
    assert [row["restorer"] for row in rows] == visit.column("restorer")
    assert [float(row["ssim"]) for row in rows] == numbers(visit.column("ssim"))
    assert {row["group"] for row in rows} == {"photos-sigma25"}
    markdown = copied(visit, "Markdown").splitlines()
    assert markdown[2].startswith("| restorer | rank | psnr ↑ \\(dB)".replace("\\", ""))
    assert len(markdown) == 4 + len(rows)
    latex = copied(visit, "LaTeX")
    assert latex.count("\\\\\n") == 2 + len(rows)
    assert "\\toprule" in latex
    assert "tv-strong &" in latex
    address = copied(visit, "link")
    other = open_page(folder / "report" / "index.html", "#" + address.partition("#")[2])
    assert other.column("restorer") == visit.column("restorer")
    visit.page.keyboard.press("Escape")
    assert visit.page.locator("#copied textarea").count() == 0
    with visit.page.expect_download() as waiting:
        copied(visit, "CSV")
        visit.page.get_by_role("button", name="save as a file").click()
    assert waiting.value.path().read_text().startswith('"group","restorer"')


def test_copies_have_the_small_print_of_what_is_shown(visit: Any) -> None:
    """Ties, ranges of ranks, marks of licences; with intervals as numbers these as well."""
    equals = visit.page.locator("#board td .eq").count()
    ranges = visit.page.locator("#board td.num > small", has_text="–").all_inner_texts()
    marks = visit.page.locator("#board td .tag").all_inner_texts()
    assert equals
    assert ranges
    assert marks
    for way in ("Markdown", "LaTeX"):
        text = copied(visit, way).replace("--", "–")
        assert text.count("= ") == equals
        assert all(f"({words})" in text for words in [*ranges, *marks])
        assert " to " not in text
    rows = list(csv.DictReader(copied(visit, "CSV").splitlines()))
    assert [row["licence note"] for row in rows if row["licence note"]] == marks
    assert [row["ranks"] for row in rows if row["ranks"]] == ranges
    visit.page.locator(".columns-menu summary").click()
    visit.page.locator("#columns input[value='numbers']").check()
    visit.page.keyboard.press("Escape")
    seen = visit.page.locator("#board small.interval").all_inner_texts()
    assert seen
    text = copied(visit, "Markdown")
    assert all(interval in text for interval in seen)


def test_hostile_names_are_copied_as_text(open_page: Open, folder: Path) -> None:
    visit = open_page(folder / "hostile" / "index.html")
    visit.page.fill("#filter-q", "onerror")
    latex, markdown = copied(visit, "LaTeX"), copied(visit, "Markdown")
    assert "\\&" in latex or "onerror" in latex
    assert "<img" not in markdown.replace("\\<", "")
    assert visit.logged == []


def test_a_link_to_a_part_of_the_page_leaves_the_address(visit: Any) -> None:
    visit.page.fill("#filter-q", "tv")
    before = visit.page.evaluate("location.hash")
    visit.page.locator("nav a", has_text="Provenance").click()
    assert visit.page.evaluate("location.hash") == before
    visit.page.locator("nav a", has_text="Leaderboard").click()
    assert visit.page.evaluate("location.hash") == before
    assert visit.page.evaluate("document.activeElement.id") == "leaderboard"


def test_by_touch(open_page: Open, folder: Path) -> None:
    telephone = {"width": 390, "height": 800}
    path = folder / "report" / "index.html"
    visit = open_page(path, has_touch=True, is_mobile=True, viewport=telephone)
    header(visit, "psnr").locator("button").tap()
    assert numbers(visit.column("psnr")) == sorted(numbers(visit.column("psnr")), reverse=True)
    last = visit.column("restorer")[-1]
    visit.page.get_by_role("button", name=f"Keep {last} on top").first.tap()
    assert visit.column("restorer")[0] == last


def test_a_hundred_restorers_come_in_pages(open_page: Open, many_restorers: Path) -> None:
    visit = open_page(many_restorers / "index.html", viewport={"width": 1440, "height": 900})
    page = visit.page
    assert page.inner_text("#filter-count") == "2000 of 2000 rows"
    assert page.evaluate("document.querySelectorAll('*').length") < 8_000
    assert page.locator(".card:visible").count() == 8, "the other sets are folded"
    shown = visit.column("restorer")
    page.get_by_role("button", name="later rows").click()
    assert visit.column("restorer") != shown
    header(visit, "lpips").locator("button").click()
    assert numbers(visit.column("lpips")) == sorted(numbers(visit.column("lpips")))
    head, first = page.locator("#board thead th").first, page.locator("#board tbody td").first
    page.locator(".board-box").evaluate(
        "box => { box.scrollTop = 300; const more = box.scrollTop ? 0 : 300;"
        " scrollTo({ top: box.offsetTop + more, behavior: 'instant' }); }"
    )
    assert first.bounding_box()["y"] < head.bounding_box()["y"], "rows go below the head"
    assert -20 < head.bounding_box()["y"] < 10
    assert visit.logged == []


def test_names_stay_when_a_narrow_screen_scrolls_sideways(open_page: Open, folder: Path) -> None:
    path = folder / "report" / "index.html"
    visit = open_page(path, viewport={"width": 390, "height": 800})
    name = visit.page.locator("#board tbody th[scope='row']").first
    before = name.bounding_box()["x"]
    visit.page.locator(".board-box").evaluate("box => { box.scrollLeft = 200; }")
    assert name.bounding_box()["x"] == pytest.approx(before, abs=2)
