"""The contact sheet in a real browser: a region of every picture, and the PNG that is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage
from test_viewer import picture, press, ready, zoom

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
REGION = "#region=40,24,32,16"


def image_page(folder: Path) -> Path:
    return min((folder / "report" / "site").glob("image-photos-x2-*.html"))


@pytest.fixture
def visit(open_page: Open, folder: Path) -> Any:
    return drawn(ready(open_page(image_page(folder), REGION)))


def drawn(visit: Any) -> Any:
    visit.page.wait_for_selector(".sheet-canvas[data-drawn]")
    visit.page.wait_for_timeout(300)
    return visit


def choose(visit: Any, **fields: str) -> None:
    for label, value in fields.items():
        visit.page.get_by_label(label.replace("_", " "), exact=True).select_option(value)
    visit.page.wait_for_timeout(400)


def kept(visit: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The PNG that the page offers to keep."""
    with visit.page.expect_download() as waiting:
        visit.page.get_by_role("button", name="save as PNG").click()
    assert waiting.value.suggested_filename.endswith("-40-24-32-16.png")
    with PillowImage.open(waiting.value.path()) as image:
        return np.asarray(image.convert("RGB"), dtype=np.int64)


def test_a_region_is_dragged_and_shown_of_every_picture(open_page: Open, folder: Path) -> None:
    visit = ready(open_page(image_page(folder)))
    assert not visit.page.locator(".sheet-canvas").is_visible()
    press(visit, "c")
    box = visit.page.locator(".viewer-stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    visit.page.mouse.move(x, y)
    visit.page.mouse.down()
    visit.page.mouse.move(x + 80, y + 60, steps=4)
    visit.page.mouse.up()
    drawn(visit)
    words = visit.page.get_attribute(".sheet-canvas", "aria-label") or ""
    for label in ("degraded", "bicubic · ", "sharpened · ", "reference"):
        assert label in words
    x, y, *size = map(int, re.findall(r"\d+", words)[:4])
    assert abs(x - 64) <= 1
    assert abs(y - 64) <= 1
    assert size == pytest.approx([80 / zoom(visit), 60 / zoom(visit)], abs=1.1)
    visit.page.get_by_role("button", name="Close the sheet").click()
    assert not visit.page.locator(".sheet-canvas").is_visible()
    assert "region" not in visit.page.evaluate("location.hash")
    assert visit.logged == []


@pytest.mark.chromium
def test_its_pixels_are_those_of_the_pictures(visit: Any) -> None:
    choose(visit, whole_image="none", enlarged="3", columns="5", labels="none")
    sheet = kept(visit)
    assert sheet.shape[1] == 12 + 5 * (3 * 32 + 12)
    order = ["degraded", *restored(visit), "reference"]
    assert len(order) == 5
    for place, label in enumerate(order):
        image = picture(visit, label)
        scale = len(image) / 128
        top, left = int(24 * scale), int(40 * scale)
        crop = image[top : top + int(16 * scale), left : left + int(32 * scale)]
        wanted = crop.repeat(int(3 / scale), 0).repeat(int(3 / scale), 1)
        start = 12 + place * (96 + 12)
        assert (sheet[12 : 12 + 48, start : start + 96] == wanted).all(), label


def restored(visit: Any) -> list[str]:
    names: list[str] = visit.page.eval_on_selector_all(
        "figure.restored[data-label]", "items => items.map(item => item.dataset.label)"
    )
    return names


@pytest.mark.chromium
def test_smooth_enlarging_order_and_choice(visit: Any) -> None:
    choose(visit, whole_image="none", enlarged="3", columns="5", labels="none")
    sharp = kept(visit)
    choose(visit, pixels="true")
    assert (kept(visit) != sharp).any()
    choose(visit, pixels="false", order="name")
    words = visit.page.get_attribute(".sheet-canvas", "aria-label") or ""
    assert [words.find(name) for name in sorted(restored(visit))] == sorted(
        words.find(name) for name in restored(visit)
    )
    visit.page.locator(".sheet summary").click()
    visit.page.locator(".sheet input[value='nearest']").uncheck()
    visit.page.keyboard.press("Escape")
    visit.page.wait_for_timeout(400)
    assert "nearest" not in (visit.page.get_attribute(".sheet-canvas", "aria-label") or "")


@pytest.mark.chromium
def test_the_whole_image_has_the_box_and_the_inset(visit: Any) -> None:
    choose(visit, whole_image="none", columns="3")
    without = kept(visit)
    choose(visit, whole_image="box")
    box = kept(visit)
    assert box.shape[1] > without.shape[1]
    yellow = (box == (255, 217, 74)).all(axis=-1).sum()
    choose(visit, whole_image="inset")
    assert (kept(visit) == (255, 217, 74)).all(axis=-1).sum() > yellow > 0


def test_its_edges_can_be_typed_and_its_wishes_are_in_the_address(
    visit: Any, open_page: Open, folder: Path
) -> None:
    visit.page.get_by_label("width", exact=True).fill("500")
    visit.page.keyboard.press("Tab")
    assert visit.page.get_by_label("width", exact=True).input_value() == "128", "no more there is"
    choose(visit, columns="2", labels="names")
    other = drawn(ready(open_page(image_page(folder), visit.page.evaluate("location.hash"))))
    assert other.page.get_by_label("columns", exact=True).input_value() == "2"
    assert other.page.get_by_label("labels", exact=True).input_value() == "names"
    size = "canvas => [canvas.width, canvas.height]"
    mine, theirs = (item.page.locator(".sheet-canvas").evaluate(size) for item in (visit, other))
    assert mine == theirs
