"""Reads what a report wrote."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from harness.protocols.report import ReportData
from reports.html.report import HTMLReport

MARKUP = (
    "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
    "$\\frac{{{ 7*7 }}{% x %}</style></title>&../\u202e"
)
"""A name that tries everything: quotes, elements, templates, mathematics, a path.

Its last character turns the direction of writing round.
"""


class Page(HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of one kind."""
        return [attributes for name, attributes in self.tags if name == tag]

    def attribute_names(self) -> set[str]:
        """The names of all attributes."""
        return {key for _, attributes in self.tags for key in attributes}


def write(report: ReportData, out: Path) -> dict[str, Page]:
    """Writes a report and reads all its pages: name relative to `out` -> page."""
    HTMLReport().write(report, out)
    pages = sorted(out.rglob("*.html"))
    return {path.relative_to(out).as_posix(): Page(path.read_text()) for path in pages}
