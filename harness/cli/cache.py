"""`restobench cache`: what the shared cache holds, and clearing it."""

from dataclasses import asdict

import click

from harness.cli import options, output
from harness.errors import InputError


@click.command(
    epilog="""
\b
Examples:
  restobench cache
  restobench cache --prune
"""
)
@click.option("--prune", is_flag=True, help="Remove all of it; what is needed is made again.")
@options.json(help="One JSON document.")
def cache(prune: bool, as_json: bool) -> int:
    """Show what the cache holds: degraded images and references, scores of images, cards of
    networks given by path.

    It is shared by all runs. Weights lie elsewhere (`restobench zoo`) and stay.
    """  # noqa: D205 - the first paragraph of the help
    from harness.storage import clearing

    before = clearing.held()
    if prune:
        try:
            clearing.clear()
        except OSError as error:
            raise InputError(f"the cache cannot be cleared: {error}") from error
    rows = [{**asdict(part), "folder": str(part.folder)} for part in clearing.held()]
    output.print_rows("cache", rows, as_json, ("kind", "files", "mib", "folder"))
    if prune and not as_json:
        freed = sum(part.mib for part in before) - sum(float(str(row["mib"])) for row in rows)
        output.echo(f"{freed:.1f} MiB were freed")
    return 0
