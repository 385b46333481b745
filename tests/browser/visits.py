"""A page in the browser that keeps what it logged and asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def kinds(report: Path) -> list[Path]:
    """One page of each kind."""
    found: dict[str, Path] = {}
    for path in [report / "index.html", *sorted((report / "site").glob("*.html"))]:
        found.setdefault(path.name.partition("-")[0], path)
    return list(found.values())


class Visit:
    """A page, a file or an address, that keeps what it logged and asked for."""

    def __init__(self, browser: Any, path: Path | str, hash: str = "", **context: Any) -> None:
        self.page = browser.new_page(**context)
        self.page.set_default_timeout(15_000)
        self.logged: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.logged.append(message.text))
        self.page.on("pageerror", lambda error: self.logged.append(str(error)))
        self.page.on("requestfailed", lambda request: self.logged.append(f"failed: {request.url}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto((path if isinstance(path, str) else path.as_uri()) + hash)

    def column(self, key: str, group: int = 0) -> list[str]:
        """The values of a column of the leaderboard in one of the groups of rows that are shown."""
        script = """([key, group]) => {
          const heads = [...document.querySelectorAll("#board thead th")];
          const place = heads.findIndex((head) => head.dataset.key === key);
          const rows = [...(document.getElementById("board").tBodies[group]?.rows ?? [])];
          const shown = rows.filter((row) => row.offsetHeight && !row.classList.contains("group"));
          return shown.map((row) => row.cells[place].dataset.value);
        }"""
        cells: list[str] = self.page.evaluate(script, [key, group])
        return cells

    def load_images(self) -> list[int]:
        """Opens what is folded, scrolls to every image, and returns the images' widths."""
        for details in self.page.query_selector_all("details:not([open])"):
            details.evaluate("element => { element.open = true; }")
        images = self.page.query_selector_all("img")
        for image in images:
            image.evaluate("image => image.scrollIntoView()")
        # wait_for_function would need eval, which the page's own security policy forbids
        width = "image => image.complete ? image.naturalWidth : 0"
        for _ in range(100):
            widths: list[int] = [image.evaluate(width) for image in images]
            if all(widths):
                break
            self.page.wait_for_timeout(100)
        return widths

    def barriers(self, axe: str) -> list[str]:
        """What axe-core, whose script is given, finds wrong with the page."""
        self.page.evaluate(axe)
        found = self.page.evaluate("async () => (await axe.run()).violations")
        return [
            f"{v['id']}: {v['nodes'][0]['html'][:200]} {v['nodes'][0]['failureSummary'][:200]}"
            for v in found
        ]
