"""The comparison viewer under fingers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
Point = tuple[float, float]
TELEPHONE = {"width": 390, "height": 800}


class Fingers:
    """A page under fingers; places are shares of the stage."""

    def __init__(self, visit: Any) -> None:
        self.page = visit.page
        self.page.locator(".viewer-stage").scroll_into_view_if_needed()
        self.page.wait_for_timeout(300)
        self.box = self.page.locator(".viewer-stage").bounding_box()
        self.session = self.page.context.new_cdp_session(self.page)

    def _send(self, kind: str, places: list[Point]) -> None:
        box = self.box
        points = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "id": number}
            for number, (x, y) in enumerate(places)
        ]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def move(self, starts: list[Point], ends: list[Point]) -> None:
        """So many fingers from their places to others."""
        self._send("touchStart", starts)
        for step in range(1, 6):
            between = [
                (x + (u - x) * step / 5, y + (v - y) * step / 5)
                for (x, y), (u, v) in zip(starts, ends, strict=True)
            ]
            self._send("touchMove", between)
        self._send("touchEnd", [])

    def shown(self, name: str) -> str:
        return str(self.page.get_attribute(".viewer-stage", f"data-{name}"))


@pytest.fixture
def fingers(open_page: Open, folder: Path) -> Fingers:
    path = min((folder / "report" / "site").glob("image-photos-x2-*.html"))
    return Fingers(open_page(path, has_touch=True, is_mobile=True, viewport=TELEPHONE))


def test_a_finger_moves_the_divider(fingers: Fingers) -> None:
    fingers.move([(0.5, 0.5)], [(0.75, 0.5)])
    assert float(fingers.shown("split")) == pytest.approx(75, abs=1)


def test_two_fingers_zoom_to_a_whole_number_and_one_moves(fingers: Fingers) -> None:
    fit = float(fingers.shown("zoom"))
    fingers.move([(0.45, 0.5), (0.55, 0.5)], [(0.25, 0.5), (0.75, 0.5)])
    zoom = float(fingers.shown("zoom"))
    assert zoom >= 2 * fit
    assert zoom == int(zoom)
    before = float(fingers.shown("y"))
    fingers.move([(0.8, 0.7)], [(0.8, 0.4)])
    assert float(fingers.shown("y")) > before


def test_a_tap_blinks(fingers: Fingers) -> None:
    fingers.page.locator("label", has_text="blink").tap()
    first = fingers.page.inner_text(".viewer-tag")
    fingers.page.locator(".viewer-stage").tap(position={"x": 100, "y": 100})
    assert fingers.page.inner_text(".viewer-tag") != first


def test_a_finger_draws_a_region(fingers: Fingers) -> None:
    fingers.page.get_by_role("button", name="Choose a region").tap()
    fingers.move([(0.45, 0.45)], [(0.6, 0.6)])
    assert fingers.page.locator(".sheet-canvas").is_visible()
    assert "region=" in fingers.page.evaluate("location.hash")
