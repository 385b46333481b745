"""`restobench report`: the reports of a run alone, from its store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from harness.cli import options, output
from harness.cli.progress import PageProgress

if TYPE_CHECKING:
    from harness.api.arguments import Told


@click.command(
    epilog="""
\b
Examples:
  restobench report runs/mine
  restobench report runs/mine --format markdown --format csv --out tables
  restobench report runs/mine --format latex --out paper/table.tex
  restobench report runs/mine --format latex --columns psnr-y,ssim-y,parameters --digits 2
  restobench report runs/mine --format model-card --require-complete
  restobench report runs/today --baseline runs/last-week
\b
Exit codes: 0 whole; 2 bad input; 3 the run was stopped, goes on, or has damaged rows.
"""
)
@options.run_folder
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
    type=options.PATH,
    help="A folder, or for one format the file itself  [default: RUN/report]",
)
@click.option("--title", default="", help="Heading of the report  [default: the benchmark's name]")
@click.option("--notes", default="", help="Free text under the heading.")
@options.baseline(
    help="Also show the regression check against a baseline; a run folder has the images, too."
)
@options.alias(help="A restorer that was renamed since.")
@options.settings(help="As of `restobench compare`.")
@options.require_complete
@click.option(
    "--intervals/--no-intervals",
    default=None,
    help="Beside means, or means alone  [default: not in LaTeX, which is as papers have it]",
)
@click.option(
    "--columns",
    "column_names",
    metavar="NAME,...",
    default="",
    help="Metrics of a cell, and parameters, operations, seconds, in tables as papers have them  "
    "[default: the first two metrics, parameters, operations]",
)
@click.option("--digits", type=options.Whole(0, 9), help="Decimal places of these tables' means.")
@click.option("--overall", is_flag=True, help="Markdown with the mean over all sets as well.")
@click.pass_obj
def report(
    flags: dict[str, bool],
    /,
    folder: Path,
    formats: tuple[str, ...],
    out: Path | None,
    baseline: Path | None,
    aliases: tuple[str, ...],
    settings: Path | None,
    intervals: bool | None,
    column_names: str,
    **shown: Unpack[Told],
) -> int:
    """Write reports of a run: a page that opens from disk, or tables."""
    from harness.api.result import Result

    given = (folder / options.STORE, baseline, settings)
    options.keep_inputs([path for path in given if path and path.is_file()], [out])
    result = Result(folder)
    incomplete = output.warn_of(result.data)
    with PageProgress(quiet=bool(flags and flags["quiet"])) as progress:
        written = result.reports(
            out,
            formats,
            baseline=baseline,
            aliases=aliases,
            settings=settings,
            intervals=intervals,
            columns=tuple(filter(None, map(str.strip, column_names.split(",")))),
            progress=progress,
            **shown,
        )
    for path in written:
        output.echo(path)
    return incomplete
