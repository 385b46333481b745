"""The comparison viewer in a real browser: mouse, touch, keyboard.

Zoom keeps step, the difference is shown, a permalink shows the same.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
TRANSFORM = "getComputedStyle(image).transform"


def image_page(folder: Path) -> Path:
    return min((folder / "report" / "site").glob("image-photos-x2-*.html"))


@pytest.fixture
def visit(open_page: Open, folder: Path) -> Any:
    return open_page(image_page(folder))


def scale(visit: Any) -> float:
    """The scale of both pictures; they must agree."""
    left, right = visit.of_pictures(TRANSFORM)
    assert left == right
    return float(left[7:-1].split(",")[0])


def split(visit: Any) -> float:
    script = "() => getComputedStyle(document.querySelector('.viewer-pane.right')).clipPath"
    clip: str = visit.page.evaluate(script)
    return float(clip.split()[-1].rstrip("%)"))


def test_it_starts_with_the_degraded_image_beside_the_best_restored(visit: Any) -> None:
    labels = visit.of_pictures("image.dataset.label")
    assert labels[0] == "degraded"
    first = visit.page.locator("figure.restored[data-label]").first.get_attribute("data-label")
    assert labels[1] == first
    assert " dB" in visit.page.inner_text(".viewer-tag.right")


def test_the_slider_by_keyboard(visit: Any) -> None:
    visit.page.focus(".viewer-range")
    assert split(visit) == 50
    for _ in range(4):
        visit.page.keyboard.press("ArrowRight")
    assert split(visit) == 52
    visit.page.keyboard.press("End")
    assert split(visit) == 100
    visit.page.keyboard.press("Home")
    assert split(visit) == 0
    assert "0 % degraded" in (visit.page.get_attribute(".viewer-range", "aria-valuetext") or "")


def test_the_slider_by_mouse(visit: Any) -> None:
    box = visit.page.locator(".viewer-stage").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    visit.page.mouse.move(*middle)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + box["width"] / 4, middle[1], steps=3)
    visit.page.mouse.up()
    assert split(visit) == pytest.approx(25, abs=0.5)


def test_the_slider_by_touch(open_page: Open, folder: Path) -> None:
    telephone = {"width": 390, "height": 800}
    visit = open_page(image_page(folder), has_touch=True, is_mobile=True, viewport=telephone)
    visit.page.locator(".viewer-stage").scroll_into_view_if_needed()
    box = visit.page.locator(".viewer-stage").bounding_box()
    session = visit.page.context.new_cdp_session(visit.page)

    def touch(kind: str, *points: dict[str, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    start, end = box["x"] + box["width"] / 2, box["x"] + box["width"] * 0.75
    y = box["y"] + box["height"] / 2
    touch("touchStart", {"x": start, "y": y})
    for step in range(1, 6):
        touch("touchMove", {"x": start + (end - start) * step / 5, "y": y})
    touch("touchEnd")
    assert split(visit) == pytest.approx(75, abs=1)


def test_zoom_and_pan_stay_in_step_and_show_whole_pixels(visit: Any) -> None:
    fit = scale(visit)
    visit.page.focus(".viewer-stage")
    for _ in range(3):
        visit.page.keyboard.press("+")
    assert scale(visit) == pytest.approx(fit * 1.25**3, rel=1e-4)
    before = visit.of_pictures(TRANSFORM)
    visit.page.keyboard.press("ArrowDown")
    assert visit.of_pictures(TRANSFORM)[0] != before[0]
    scale(visit)
    rendering = visit.of_pictures("getComputedStyle(image).imageRendering")
    assert rendering == ["pixelated", "pixelated"]
    visit.page.locator("label", has_text="side by side").click()
    left, right = visit.page.eval_on_selector_all(
        ".viewer-pane", "panes => panes.map((pane) => pane.getBoundingClientRect().width)"
    )
    assert abs(left - right) <= 3
    scale(visit)
    visit.page.focus(".viewer-stage")
    visit.page.keyboard.press("1")
    visit.page.keyboard.press("0")
    scale(visit)


def test_the_wheel_zooms_where_it_points(visit: Any) -> None:
    fit = scale(visit)
    box = visit.page.locator(".viewer-stage").bounding_box()
    visit.page.mouse.move(box["x"] + 60, box["y"] + 60)
    visit.page.mouse.wheel(0, -100)
    assert scale(visit) == fit, "without focus the page scrolls"
    visit.page.focus(".viewer-stage")
    visit.page.locator(".viewer-stage").hover(position={"x": 300, "y": 100})
    visit.page.mouse.wheel(0, -100)
    visit.page.wait_for_timeout(100)
    assert scale(visit) == pytest.approx(fit * 1.25, rel=1e-4)


def test_the_difference_of_equal_pictures_is_black_and_of_others_is_not(visit: Any) -> None:
    visit.load_images()
    visit.page.locator("label", has_text="difference").click()

    def brightness() -> float:
        visit.page.wait_for_timeout(300)
        picture = visit.page.locator(".viewer-layers").screenshot()
        with PillowImage.open(BytesIO(picture)) as image:
            pixels = np.asarray(image.convert("RGB"), dtype=np.float64)
        return float(pixels[40:-60, 40:-40].mean())

    visit.page.locator(".viewer-bar select").nth(0).select_option("nearest")
    visit.page.locator(".viewer-bar select").nth(1).select_option("reference")
    assert brightness() > 2
    visit.page.locator(".viewer-bar select").nth(0).select_option("reference")
    assert brightness() == 0


def test_a_picture_of_the_list_goes_to_the_right_or_with_shift_to_the_left(visit: Any) -> None:
    visit.page.locator("figure[data-label='nearest'] .offer").click()
    visit.page.locator("figure[data-label='reference'] .offer").click(modifiers=["Shift"])
    assert visit.page.locator("figure[data-side='right']").get_attribute("data-label") == "nearest"
    assert visit.page.locator("figure[data-side='left']").get_attribute("data-label") == "reference"
    assert visit.page.locator(".offer[aria-pressed='true']").count() == 2


def test_a_permalink_shows_the_same_pixels(visit: Any, open_page: Open, folder: Path) -> None:
    visit.page.locator(".viewer-bar select").nth(1).select_option("reference")
    visit.page.focus(".viewer-stage")
    for key in ("+", "+", "+", "+", "ArrowDown"):
        visit.page.keyboard.press(key)
    visit.page.focus(".viewer-range")
    visit.page.keyboard.press("ArrowLeft")
    # the page's own word: playwright's `url` may lag behind it
    other = open_page(image_page(folder), visit.page.evaluate("location.hash"))
    assert split(other) == split(visit) == 49.5
    assert scale(other) == pytest.approx(scale(visit), rel=1e-3)
    assert other.page.inner_text(".viewer-tag.right") == "reference"


def test_without_javascript_the_pictures_are_a_list_of_links_to_their_pixels(
    open_page: Open, folder: Path
) -> None:
    visit = open_page(image_page(folder), java_script_enabled=False)
    links = visit.page.locator("figure.picture > a")
    assert links.count() >= 4
    assert (links.first.get_attribute("href") or "").endswith(".png")
    assert visit.page.locator(".viewer-bar").count() == 0
