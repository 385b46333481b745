"""Debian's Chromium, driven by playwright; a skip where either is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.is_file():
        pytest.skip(f"{CHROMIUM} is not installed")
    with playwright.sync_playwright() as engine:
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = engine.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield browser
        browser.close()


class Visit:
    """A page that keeps what it logged and asked for."""

    def __init__(self, browser: Any, path: Path, **context: Any) -> None:
        self.page = browser.new_page(**context)
        self.logged: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.logged.append(message.text))
        self.page.on("pageerror", lambda error: self.logged.append(str(error)))
        self.page.on("requestfailed", lambda request: self.logged.append(f"failed: {request.url}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def column(self, place: int) -> list[str]:
        cells: list[str] = self.page.eval_on_selector_all(
            "#board tbody tr:not([hidden])", f"rows => rows.map(row => row.cells[{place}].dataset.value)"
        )
        return cells

    def load_images(self) -> list[int]:
        """Opens what is folded, scrolls to every image, and returns the widths they turned out to have."""
        for details in self.page.query_selector_all("details:not([open])"):
            details.evaluate("element => { element.open = true; }")
        images = self.page.query_selector_all("img")
        for image in images:
            image.scroll_into_view_if_needed(timeout=5000)
        # wait_for_function would need eval, which the page's own security policy forbids
        for _ in range(100):
            widths: list[int] = [image.evaluate("image => image.complete ? image.naturalWidth : 0") for image in images]
            if all(widths):
                break
            self.page.wait_for_timeout(100)
        return widths


@pytest.fixture
def open_page(browser: Any) -> Callable[..., Visit]:
    """Opens a file as a page: `open_page(path, color_scheme="dark")`."""
    return lambda path, **context: Visit(browser, path, **context)
