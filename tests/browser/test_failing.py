"""Tables of all images: differences to any restorer, sorted as shown, and links that keep it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

Open = Callable[..., Any]


def test_scores_become_differences_and_back(open_page: Open, folder: Path) -> None:
    page = open_page(folder / "report" / "site" / "set-photos-x2.html").page
    table = page.locator("#failing table")

    def column(place: int) -> list[str]:
        cells: list[str] = table.locator(f"tbody tr > :nth-child({place})").evaluate_all(
            "cells => cells.map((cell) => cell.dataset.value)"
        )
        return cells

    scores = [[float(value) for value in column(place)] for place in (2, 3)]
    assert scores[0] == sorted(scores[0]), "the worst of the best restorer first"
    page.locator("#failing select").select_option("1")
    gaps = [float(value) for value in column(2)]
    assert gaps == pytest.approx([one - other for one, other in zip(*scores, strict=True)])
    assert set(map(float, column(3))) == {0.0}
    table.locator("thead th").nth(1).get_by_role("button").click()
    assert [float(value) for value in column(2)] == sorted(gaps)
    page.locator("#failing select").focus()
    page.keyboard.press("Home")
    assert sorted(map(float, column(2))) == sorted(scores[0])


def test_a_row_opens_its_image_at_the_restorer(open_page: Open, folder: Path) -> None:
    page = open_page(folder / "report" / "site" / "restorer-bicubic.html").page
    page.locator("#verdict tbody tr").first.locator("a").last.click()
    assert "right=bicubic" in page.evaluate("location.hash")
    assert page.locator("h1").is_visible()
