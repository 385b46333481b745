"""The comparison viewer in a real browser: mouse, touch, keyboard, sharp pixels, numbers, regions.

What it shows stays when another image follows, and a permalink shows the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
Pixels = npt.NDArray[np.int64]
STAGE = ".viewer-stage"


def image_page(folder: Path) -> Path:
    return min((folder / "report" / "site").glob("image-photos-x2-*.html"))


@pytest.fixture
def visit(open_page: Open, folder: Path) -> Any:
    return ready(open_page(image_page(folder)))


def ready(visit: Any) -> Any:
    """The same page when both pictures are there."""
    visit.page.wait_for_timeout(300)
    return visit


def shown(visit: Any, name: str) -> str:
    """What the stage says of itself: `mode`, `zoom`, `split`, `x` or `y`."""
    return str(visit.page.get_attribute(STAGE, f"data-{name}"))


def zoom(visit: Any) -> float:
    return float(shown(visit, "zoom"))


def tags(visit: Any) -> list[str]:
    found: list[str] = visit.page.locator(".viewer-tag").all_inner_texts()
    return found


def press(visit: Any, *keys: str) -> None:
    visit.page.focus(STAGE)
    for key in keys:
        visit.page.keyboard.press(key)


def picture(visit: Any, label: str) -> Pixels:
    """The pixels of the file of a picture."""
    source = visit.page.get_attribute(f"figure[data-label='{label}']", "data-src")
    path = Path(visit.page.url.removeprefix("file://").partition("#")[0]).parent / source
    with PillowImage.open(path) as file:
        return np.asarray(file.convert("RGB"), dtype=np.int64)


def screen(visit: Any, selector: str = ".viewer-canvas") -> Pixels:
    """The pixels of the display of an element, without what lies over it."""
    visit.page.evaluate(
        "for (const part of document.querySelectorAll('.viewer-tags, .viewer-divider'))"
        " part.style.display = 'none'"
    )
    visit.page.locator(selector).scroll_into_view_if_needed()
    with PillowImage.open(BytesIO(visit.page.locator(selector).screenshot())) as image:
        return np.asarray(image.convert("RGB"), dtype=np.int64)


def test_it_starts_with_the_degraded_image_beside_the_best_restored(visit: Any) -> None:
    first = visit.page.locator("figure.restored[data-label]").first.get_attribute("data-label")
    assert tags(visit)[0] == "degraded"
    assert tags(visit)[1].startswith(f"{first} · ")
    assert " dB" in visit.page.inner_text(".viewer-tag.right")


def test_the_stage_is_above_the_fold(open_page: Open, folder: Path) -> None:
    visit = open_page(image_page(folder), viewport={"width": 1440, "height": 900})
    box = visit.page.locator(STAGE).bounding_box()
    assert box["y"] + box["height"] < 900
    assert box["height"] > 450
    press(visit, "d")
    box = visit.page.locator(STAGE).bounding_box()
    assert box["y"] + box["height"] <= 900, "with the fields of the difference as well"


def test_the_slider_by_keyboard(visit: Any) -> None:
    visit.page.focus(".viewer-range")
    assert shown(visit, "split") == "50"
    for _ in range(4):
        visit.page.keyboard.press("ArrowRight")
    assert shown(visit, "split") == "52"
    visit.page.keyboard.press("End")
    assert shown(visit, "split") == "100"
    visit.page.keyboard.press("Home")
    assert shown(visit, "split") == "0"
    assert "0 % degraded" in (visit.page.get_attribute(".viewer-range", "aria-valuetext") or "")


def test_the_slider_by_mouse(visit: Any) -> None:
    box = visit.page.locator(STAGE).bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    visit.page.mouse.move(*middle)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + box["width"] / 4, middle[1], steps=3)
    visit.page.mouse.up()
    assert float(shown(visit, "split")) == pytest.approx(25, abs=0.5)


@pytest.mark.parametrize("density", [1, 1.5, 2, 3])
def test_enlarged_pixels_are_sharp_on_any_display(
    density: float, open_page: Open, folder: Path
) -> None:
    visit = ready(open_page(image_page(folder), "#mode=blink", device_scale_factor=density))
    press(visit, "0", "z", "+", "+", "+", "l")
    assert zoom(visit) == int(zoom(visit)) >= 4
    times = int(zoom(visit))
    pixels, image = screen(visit), picture(visit, "reference")
    rows, columns = pixels.shape[0] // 2, pixels.shape[1] // 2
    # the colours around the middle: every run of them is as long as a pixel is large
    block = pixels[rows - 6 * times : rows + 6 * times, columns - 6 * times : columns + 6 * times]
    edges = (np.abs(np.diff(block, axis=1)).sum(axis=(0, 2)) > 0).nonzero()[0]
    assert len(edges) >= 8
    assert len({int(edge) % times for edge in edges}) == 1, "edges lie on whole pixels"
    colours = {tuple(map(int, colour)) for colour in block.reshape(-1, 3)}
    assert colours <= {tuple(map(int, colour)) for colour in image.reshape(-1, 3)}, "none between"


def test_zooms_are_whole_numbers_and_keep_step(visit: Any) -> None:
    fit = zoom(visit)
    assert fit == int(fit)
    press(visit, "+", "+")
    assert zoom(visit) > fit
    assert zoom(visit) == int(zoom(visit))
    before = shown(visit, "y")
    press(visit, "ArrowDown")
    assert float(shown(visit, "y")) > float(before)
    press(visit, "z")
    assert zoom(visit) == 1 < fit, "a small image, which fits enlarged"
    press(visit, "-")
    assert zoom(visit) == 1
    press(visit, "f")
    assert zoom(visit) == fit
    visit.page.get_by_role("button", name="Zoom in").click()
    assert zoom(visit) > fit
    visit.page.get_by_role("button", name="Show the whole image").click()
    assert zoom(visit) == fit


def test_keys_work_from_every_button_of_the_viewer_and_not_where_one_types(visit: Any) -> None:
    fit = zoom(visit)
    visit.page.locator(".zooms button", has_text="1:1").click()
    assert zoom(visit) == 1
    visit.page.keyboard.press("+")
    assert zoom(visit) == 2
    visit.page.locator(".segments label", has_text="difference").click()
    visit.page.keyboard.press("f")
    assert zoom(visit) == fit
    assert shown(visit, "mode") == "difference"
    visit.page.focus(".viewer-bar select")
    visit.page.keyboard.press("z")
    assert zoom(visit) == fit
    visit.page.locator(".segments label", has_text="grid").click()
    visit.page.keyboard.press("Z")  # as Caps Lock has it
    address = visit.page.url
    visit.page.keyboard.press("n")
    visit.page.wait_for_url(lambda url: url.partition("#")[0] != address.partition("#")[0])
    assert (shown(ready(visit), "mode"), zoom(visit)) == ("grid", 1)


def test_the_wheel_zooms_where_it_points(visit: Any) -> None:
    fit = zoom(visit)
    box = visit.page.locator(STAGE).bounding_box()
    visit.page.mouse.move(box["x"] + 60, box["y"] + 60)
    visit.page.mouse.wheel(0, -100)
    assert zoom(visit) == fit, "without focus the page scrolls"
    visit.page.focus(STAGE)
    visit.page.locator(STAGE).hover(position={"x": 300, "y": 100})
    visit.page.mouse.wheel(0, -100)
    visit.page.wait_for_timeout(100)
    assert zoom(visit) > fit


def test_blinking_by_key_and_by_itself(visit: Any) -> None:
    press(visit, "b")
    assert shown(visit, "mode") == "blink"
    first = tags(visit)
    press(visit, "b")
    assert tags(visit) != first
    press(visit, "b")
    assert tags(visit) == first
    assert len(first) == 1
    visit.page.get_by_label("in turn by itself").check()
    visit.page.wait_for_timeout(800)
    assert tags(visit) != first
    visit.page.get_by_label("in turn by itself").uncheck()


def test_number_keys_choose_restorers(visit: Any) -> None:
    names = visit.page.eval_on_selector_all(
        "figure.restored[data-label]", "items => items.map(item => item.dataset.label)"
    )
    press(visit, "2")
    assert tags(visit)[1].startswith(names[1])
    press(visit, "Shift+3")
    assert tags(visit)[0].startswith(names[2])
    press(visit, "]")
    assert tags(visit)[1].startswith(names[2])
    press(visit, "0")
    assert tags(visit)[1] == "reference"
    press(visit, "x")
    assert tags(visit)[0] == "reference"


def test_pixel_values_by_mouse_and_keyboard(visit: Any) -> None:
    reference, degraded = picture(visit, "reference"), picture(visit, "degraded")
    press(visit, "0", "i", "ArrowRight", "ArrowDown")
    half = reference.shape[0] // 2
    line = visit.page.locator(".readout")
    wanted = " ".join(map(str, reference[half + 1, half + 1]))
    place = f"x {half + 1}, y {half + 1}"
    visit.page.locator(".readout", has_text=place).filter(has_text="reference").wait_for()
    assert f"reference {wanted}" in line.inner_text()
    low = " ".join(map(str, degraded[(half + 1) // 2, (half + 1) // 2]))
    assert f"degraded {low}" in line.inner_text()
    press(visit, "Escape")
    box = visit.page.locator(STAGE).bounding_box()
    visit.page.mouse.move(box["x"] + box["width"] / 2 + 1, box["y"] + box["height"] / 2 + 1)
    visit.page.wait_for_timeout(300)
    assert f"x {half}, y {half}" in line.inner_text()
    visit.page.mouse.move(box["x"] + 2, box["y"] + 2)
    visit.page.wait_for_timeout(100)
    assert line.inner_text().startswith("Point at a pixel")
    assert visit.logged == []


def test_lines_between_large_pixels_can_be_had_and_not(visit: Any) -> None:
    press(visit, "0", "+", "+", "+", "+", "+", "+")
    assert zoom(visit) >= 8
    with_lines = screen(visit)
    press(visit, "l")
    assert (screen(visit) != with_lines).any()


def differences(visit: Any, **fields: str) -> Pixels:
    """What the stage shows of the difference, without the grey around the image."""
    for name, value in fields.items():
        visit.page.get_by_label(name, exact=True).select_option(value)
    visit.page.wait_for_selector(f"{STAGE}[data-ready='true']")
    pixels, times = screen(visit), int(zoom(visit))
    size = 128 * times
    top, left = (math.floor((length - size) / 2 + 0.5) for length in pixels.shape[:2])
    return pixels[top : top + size : times, left : left + size : times]


@pytest.mark.chromium
def test_differences_are_those_of_the_pixels(visit: Any) -> None:
    visit.page.locator(".viewer-bar select").nth(0).select_option("nearest")
    visit.page.locator(".viewer-bar select").nth(1).select_option("reference")
    visit.page.locator("label", has_text="difference").click()
    change = picture(visit, "reference") - picture(visit, "nearest")
    found = differences(visit, amplified="1")
    assert np.abs(found - np.abs(change)).max() <= 1
    found = differences(visit, amplified="4", **{"shown as": "signed"})
    assert np.abs(found - np.clip(127.5 + 2 * change, 0, 255)).max() <= 1
    found = differences(visit, of="green", **{"shown as": "absolute"})
    assert np.abs(found - np.minimum(4 * np.abs(change[..., 1:2]), 255)).max() <= 1
    weights = np.array([65.481, 128.553, 24.966]) / 255
    found = differences(visit, of="luma", amplified="8")
    assert np.abs(found[..., 0] - np.minimum(8 * np.abs(change @ weights), 255)).max() <= 1
    found = differences(visit, **{"shown as": "colours"})
    bright, dark = np.abs(change @ weights) > 40, np.abs(change @ weights) < 2
    assert found[bright].sum(axis=-1).min() > found[dark].sum(axis=-1).max()
    assert "32 of 255" in visit.page.inner_text(".ramp")
    words = visit.page.inner_text(".histogram figcaption")
    visit.page.get_by_label("of", exact=True).select_option("rgb")
    visit.page.wait_for_selector(f"{STAGE}[data-ready='true']")
    words = visit.page.inner_text(".histogram figcaption")
    assert f"mean absolute {np.abs(change).mean():.2f}" in words
    assert f"largest {np.abs(change).max()}" in words
    assert visit.logged == []


def test_the_difference_of_equal_pictures_is_black(visit: Any) -> None:
    visit.page.locator(".viewer-bar select").nth(0).select_option("reference")
    visit.page.locator(".viewer-bar select").nth(1).select_option("reference")
    visit.page.locator("label", has_text="difference").click()
    assert differences(visit).max() == 0


def test_a_grid_of_pictures_zooms_together(visit: Any) -> None:
    press(visit, "g")
    assert shown(visit, "mode") == "grid"
    assert len(tags(visit)) == 5
    visit.page.locator("figure[data-label='nearest'] .offer").click()
    assert len(tags(visit)) == 4
    assert not any(tag.startswith("nearest") for tag in tags(visit))
    visit.page.locator("figure[data-label='nearest'] .offer").click()
    before = zoom(visit)
    press(visit, "+", "+")
    assert zoom(visit) > before
    boxes = [tag.bounding_box() for tag in visit.page.locator(".viewer-tag").all()]
    assert len({(round(box["x"]), round(box["y"])) for box in boxes}) == 5


def test_what_is_shown_stays_with_the_next_image(visit: Any) -> None:
    press(visit, "g", "+", "+", "ArrowDown")
    press(visit, "s", "2", "Shift+1")
    state = [shown(visit, name) for name in ("mode", "zoom", "x", "y")], tags(visit)
    first = visit.page.inner_text("h1")
    visit.page.locator("a[rel='next']").click()
    ready(visit)
    assert visit.page.inner_text("h1") != first
    now = [shown(visit, name) for name in ("mode", "zoom", "x", "y")]
    assert now == state[0]
    assert [tag.split()[0] for tag in tags(visit)] == [tag.split()[0] for tag in state[1]]
    press(visit, "p")
    ready(visit)
    assert visit.page.inner_text("h1") == first
    assert [shown(visit, name) for name in ("mode", "zoom", "x", "y")] == state[0]


def test_a_picture_of_the_list_goes_to_the_right_or_with_shift_to_the_left(visit: Any) -> None:
    visit.page.locator("figure[data-label='nearest'] .offer").click()
    visit.page.locator("figure[data-label='reference'] .offer").click(modifiers=["Shift"])
    assert visit.page.locator("figure[data-side='right']").get_attribute("data-label") == "nearest"
    assert visit.page.locator("figure[data-side='left']").get_attribute("data-label") == "reference"
    assert visit.page.locator(".offer[aria-pressed='true']").count() == 2


def test_a_permalink_shows_the_same_pixels(visit: Any, open_page: Open, folder: Path) -> None:
    visit.page.locator(".viewer-bar select").nth(1).select_option("reference")
    press(visit, "+", "+", "+", "ArrowDown")
    visit.page.focus(".viewer-range")
    visit.page.keyboard.press("ArrowLeft")
    # the page's own word: playwright's `url` may lag behind it
    other = ready(open_page(image_page(folder), visit.page.evaluate("location.hash")))
    for name in ("split", "zoom", "x", "y"):
        assert shown(other, name) == shown(visit, name)
    assert other.page.inner_text(".viewer-tag.right") == "reference"
    assert (screen(visit)[:-2] == screen(other)[:-2]).all()


def test_a_broken_permalink_does_no_harm(open_page: Open, folder: Path) -> None:
    broken = "#left=nobody&mode=x&zoom=1e9&at=a,b&grid=%00&region=1,2&sheet={&gain=-1&split=NaN"
    visit = ready(open_page(image_page(folder), broken))
    assert tags(visit)[0] == "degraded"
    assert zoom(visit) == 64
    assert visit.logged == []


def test_without_javascript_the_pictures_are_a_list_of_links_to_their_pixels(
    open_page: Open, folder: Path
) -> None:
    visit = open_page(image_page(folder), java_script_enabled=False)
    links = visit.page.locator("figure.picture > a")
    assert links.count() >= 4
    assert (links.first.get_attribute("href") or "").endswith(".png")
    assert visit.page.locator(".viewer-bar").count() == 0
    assert "viewer" not in visit.page.inner_text("#compare"), "it speaks of none"
