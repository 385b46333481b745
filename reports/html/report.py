"""The report that people share: one page with everything inlined, and a folder of crops beside it."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import ClassVar

from harness.protocols import ReportData

_FOLDER = Path(__file__).parent
_CROP = re.compile(r"set\d+-image\d+-\d+\.png")


class HTMLReport:
    """`OUT/index.html` with `OUT/crops/`; for OUT ending in `.html` that page, with crops in `NAME-files/`.

    The page opens from disk: styles, script and plots are inside it, it asks the network for nothing, and its content
    security policy forbids any script but its own.
    """

    name: ClassVar[str] = "html"
    suffix: ClassVar[str] = ""

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the page and its crops; crops of an earlier report there are removed."""
        from reports.html.crops import make_gallery
        from reports.html.page import page_context, shown_order

        page, crops = _places(out)
        crops.mkdir(parents=True, exist_ok=True)
        for stale in crops.iterdir():
            if _CROP.fullmatch(stale.name):
                stale.unlink()
        gallery = make_gallery(report, shown_order(report), crops)
        text = render(page_context(report, gallery, crops.name))
        partial = page.with_name(f".{page.name}.partial")
        partial.write_text(text, encoding="utf-8", errors="replace")
        partial.replace(page)
        return page


def _places(out: Path) -> tuple[Path, Path]:
    if out.suffix.lower() in (".html", ".htm"):
        return out, out.with_name(f"{out.stem}-files")
    return out / "index.html", out / "crops"


def render(context: dict[str, object]) -> str:
    """Fills the templates; everything that is not marked as our own markup is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from reports.wording import plain

    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value) if type(value) is str else value,
    )
    style = (_FOLDER / "static" / "page.css").read_text(encoding="utf-8")
    script = (_FOLDER / "static" / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template("index.html").render(
        **context,
        style=Markup(style),  # noqa: S704 - our own files
        script=Markup(script),  # noqa: S704
        script_hash=Markup(f"sha256-{digest}"),  # noqa: S704
    )
