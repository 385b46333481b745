"""Fills the templates. Whatever came with the run is escaped; pages may load nothing but the files beside them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.atomic import atomic_file
from harness.protocols import ReportData
from reports.html.places import Places

_FOLDER = Path(__file__).parent


class Renderer:
    """Writes pages and remembers which.

    Args:
        report: The run.
        places: Where everything lies.
    """

    def __init__(self, report: ReportData, places: Places, common: Mapping[str, Any]) -> None:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        from reports.wording import plain

        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            # Markup is a subclass of str: only text that is not ours is made plain
            finalize=lambda value: plain(value) if type(value) is str else value,
        )
        self._places = places
        self._common = {
            "run": report.data.run,
            "title": report.title or report.data.run.benchmark,
            **common,
        }
        self.written: list[Path] = []

    def page(self, template: str, name: str | None = None, **context: Any) -> Path:
        """Writes one page, whole or not at all.

        Args:
            template: Name of its template.
            name: Its file in the files folder; `None` for the index.
            context: What the template needs.
        """
        from urllib.parse import quote

        index = name is None
        path = self._places.index if name is None else self._places.files / name
        base = f"{quote(self._places.files.name)}/" if index else ""
        home = quote(self._places.index.name) if index else f"../{quote(self._places.index.name)}"
        text = self._environment.get_template(template).render(
            **self._common, **context, base=base, home=home
        )
        with atomic_file(path) as partial:
            partial.write_text(text, encoding="utf-8", errors="replace")
        self.written.append(path)
        return path

    def static(self) -> None:
        """Copies style sheet and scripts."""
        to = self._places.files / "static"
        to.mkdir(parents=True, exist_ok=True)
        for path in sorted((_FOLDER / "static").iterdir()):
            if path.suffix in (".css", ".js"):
                shutil.copyfile(path, to / path.name)
                self.written.append(to / path.name)
