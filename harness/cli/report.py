"""`restobench report`: the reports of a run alone, from its store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.results.verdicts import Comparison

EXAMPLES = """
\b
Examples:
  restobench report runs/mine
  restobench report runs/mine --format markdown --format csv --out tables
  restobench report runs/mine --format latex --no-intervals --out paper/table.tex
  restobench report runs/mine --format model-card --require-complete
  restobench report runs/today --baseline runs/last-week
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "formats",
    multiple=True,
    default=("html",),
    show_default=True,
    help="html, markdown, csv, parquet, latex, json, model-card, or any of `restobench list "
    "reports`; again for more.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="A folder, or for one format the file itself  [default: RUN/report]",
)
@click.option("--title", default="", help="Heading of the report  [default: the benchmark's name]")
@click.option("--notes", default="", help="Free text under the heading.")
@click.option(
    "--baseline",
    "source",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Also show the regression check against a baseline; a run folder has the images, too.",
)
@click.option(
    "--alias",
    "aliases",
    metavar="NEW=OLD",
    multiple=True,
    help="A restorer that was renamed since.",
)
@click.option(
    "--settings",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="As of `restobench compare`.",
)
@click.option(
    "--require-complete", is_flag=True, help="Rank only restorers that have a score of every image."
)
@click.option("--no-intervals", is_flag=True, help="Markdown and LaTeX tables with means alone.")
def report(
    folder: Path,
    formats: tuple[str, ...],
    out: Path | None,
    title: str,
    notes: str,
    source: Path | None,
    aliases: tuple[str, ...],
    settings: Path | None,
    require_complete: bool,
    no_intervals: bool,
) -> int:
    """Write reports of a run: a page that opens from disk, or tables."""
    from harness.reporting.write import Presentation, write_reports

    comparison = _compare(folder, source, aliases, settings) if source else None
    policy = "complete" if require_complete else "common"
    presentation = Presentation(title, notes, policy, not no_intervals, comparison)
    for path in write_reports(folder, formats, out, presentation):
        click.echo(path)
    return 0


def _compare(
    folder: Path, source: Path, aliases: tuple[str, ...], settings: Path | None
) -> Comparison:
    from harness.regression.baseline_file import load_baseline
    from harness.regression.comparison import compare
    from harness.regression.measured_run import load_measured, rename
    from harness.regression.tolerances import Settings, read_settings

    chosen = read_settings(settings) if settings else Settings()
    return compare(
        load_measured(folder), rename(load_baseline(source), aliases), chosen, name=str(source)
    )
