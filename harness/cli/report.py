"""`restobench report`: the reports of a run alone, from its store."""

from __future__ import annotations

from pathlib import Path

import click

EXAMPLES = """
\b
Examples:
  restobench report runs/mine
  restobench report runs/mine --format markdown --format csv --out tables
  restobench report runs/mine --format latex --out paper/table.tex
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "formats",
    multiple=True,
    default=("html",),
    show_default=True,
    help="html, markdown, csv, parquet, latex, json, or any that `restobench list reports` shows; again for more.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="A folder, or for one format the file itself  [default: RUN/report]"
)
@click.option("--title", default="", help="Heading of the report  [default: the benchmark's name]")
@click.option("--notes", default="", help="Free text under the heading.")
def report(folder: Path, formats: tuple[str, ...], out: Path | None, title: str, notes: str) -> int:
    """Write reports of a run: a page that opens from disk, or tables."""
    from harness.reporting import write_reports

    for path in write_reports(folder, formats, out, title, notes):
        click.echo(path)
    return 0
