"""Fills the templates.

Whatever came with the run is escaped; pages may load nothing but the files beside them.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from harness.atomic import atomic_file
from harness.protocols.report import ReportData
from reports.html.places import Places
from reports.wording import plain

_FOLDER = Path(__file__).parent


def environment(folder: Path) -> Environment:
    """Templates of a folder, which escape everything that they are given."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Markup is a subclass of str: only text that is not ours is made plain
        finalize=lambda value: plain(value) if type(value) is str else value,
    )


class Renderer:
    """Writes pages and remembers which.

    Args:
        report: The run.
        places: Where everything lies.
        common: What every template needs.
    """

    def __init__(self, report: ReportData, places: Places, common: Mapping[str, object]) -> None:
        self._environment = environment(_FOLDER / "templates")
        self._places = places
        title = report.title or report.data.run.benchmark
        self._common = {"run": report.data.run, "title": title, **common}
        self.written: list[Path] = []

    def page(self, template: str, name: str | None = None, /, **context: object) -> None:
        """Writes one page, whole or not at all.

        Args:
            template: Name of its template.
            name: Its file in the files folder; `None` for the index.
            context: What the template needs.
        """
        index, files = self._places.index, self._places.files
        path, base, home = index, f"{quote(files.name)}/", quote(index.name)
        if name is not None:
            path, base, home = files / name, "", f"../{home}"
        text = self._environment.get_template(template).render(
            **self._common, **context, base=base, home=home
        )
        with atomic_file(path) as partial:
            partial.write_text(text, encoding="utf-8", errors="replace")
        self.written.append(path)

    def static(self) -> None:
        """Copies style sheets, scripts and the icon."""
        to = self._places.files / "static"
        to.mkdir(parents=True, exist_ok=True)
        static = _FOLDER / "static"
        for path in sorted(static.iterdir()):
            shutil.copyfile(path, to / path.name)
            self.written.append(to / path.name)
