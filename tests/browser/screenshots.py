"""Takes pictures of every kind of page, to be looked at.

    python tests/browser/screenshots.py OUT [REPORT]...

Each page kind at 390, 1024 and 1440 pixels and as printed, light and dark: of the reports given, or
else of two that are made for it, of a few restorers and of a hundred. Prints what a page logs.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "made_runs"), str(HERE.parents[1])]

from conftest import CHROMIUM  # noqa: E402
from fabricated_run import fabricate  # noqa: E402
from many_restorers import many  # noqa: E402
from visits import kinds  # noqa: E402

from harness.reporting.assemble import assemble  # noqa: E402
from harness.results import ChangedImage, Comparison, Finding, RunData, Verdict  # noqa: E402
from reports.html.report import HTMLReport  # noqa: E402

WIDTHS = {390: 844, 1024: 768, 1440: 900}
A4 = {"width": 794, "height": 1123}


def reports(scratch: Path) -> list[Path]:
    """A report of a few restorers, with a regression check, and one of a hundred."""
    found = []
    for name, make in (("few", fabricate), ("many", many)):
        folder = scratch / name
        folder.mkdir(parents=True)
        data = make(folder)
        report = assemble(data, folder, title=name, notes="Notes of the run.")
        if name == "few":
            report = replace(report, comparison=_lost(data, folder))
        found.append(HTMLReport().write(report, folder / "report").parent)
    return found


def _lost(data: RunData, folder: Path) -> Comparison:
    """A comparison in which `tv` lost on one image, on which `identity` stands for its past."""
    files = {item.cell: item.path for item in data.restored}
    cell = next(c for c in files if c.restorer == "identity" and c.set == "photos-sigma25")
    changed = ChangedImage(cell.image, 31.5, 30.0, -1.5, folder / files[cell])
    worse = Finding(
        "tv", cell.set, "psnr", Verdict.REGRESSED, -1.5, ci_low=-2.0, ci_high=-1.0, p=0.001,
        n=26, worst_image=cell.image, reason="psnr is lower on every image", worst=(changed,),
    )  # fmt: skip
    return Comparison("baseline.json", "2025-01-30", (worse,))


def take(report: Path, name: str, out: Path, browser: Any) -> None:
    """Every kind of page of a report, in every size and scheme."""
    for path in kinds(report):
        kind = path.stem.partition("-")[0]
        for scheme in ("light", "dark"):
            for width, height in WIDTHS.items():
                page = _open(browser, path, scheme, {"width": width, "height": height})
                page.screenshot(path=out / f"{name}-{kind}-{width}-{scheme}.png", full_page=True)
                page.close()
        page = _open(browser, path, "light", A4)
        page.pdf(path=out / f"{name}-{kind}-print.pdf", format="A4")
        page.close()


def _open(browser: Any, path: Path, scheme: str, viewport: dict[str, int]) -> Any:
    page = browser.new_page(color_scheme=scheme, viewport=viewport)
    page.on("console", lambda message: print(path.name, message.text))
    page.on("pageerror", lambda error: print(path.name, error))
    page.goto(path.as_uri())
    # pictures are loaded as they come into sight
    page.evaluate("""async () => {
      for (const image of document.images) image.loading = "eager";
      await Promise.allSettled([...document.images].map((image) => image.decode()));
    }""")
    page.wait_for_timeout(400)
    return page


def main(out: Path, given: list[Path]) -> None:
    """Takes them all."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as engine:
        arguments = ["--headless", "--no-sandbox", "--disable-gpu"]
        browser = engine.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        for report in given or reports(Path(scratch)):
            take(report, (report.parent if report.name == "report" else report).name, out, browser)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(item) for item in sys.argv[2:]])
