"""`restobench list`: what is installed, and whether it is usable here. Imports no heavy package."""

import click

from harness.api.listing import KINDS, list_plugins
from harness.cli import options, output

_COLUMNS = {
    "restorers": (
        "name", "tasks", "scale", "parameters", "licence", "usable", "distribution", "reason",
    ),
    "benchmarks": ("name", "sets", "images", "usable", "distribution", "description", "reason"),
    "sets": ("name", "task", "images", "pinned", "licence", "usable", "distribution", "reason"),
    "metrics": (
        "name", "needs_reference", "higher_is_better", "licence", "usable", "distribution",
        "reason",
    ),
    "reports": ("name", "usable", "distribution", "reason"),
    "degradations": ("name", "parameters", "usable", "distribution", "reason"),
}  # fmt: skip


@click.command(
    "list",
    epilog="""
\b
Examples:
  restobench list
  restobench list metrics
  restobench list restorers --json
""",
)
@click.argument("kind", required=False, type=click.Choice(KINDS))
@options.json(help="One JSON document.")
def list_(kind: str | None, as_json: bool) -> None:
    """List restorers, benchmarks, sets, metrics, reports, degradations: what each is, and what it
    needs.
    """  # noqa: D205 - the first paragraph of the help
    found = {name: list_plugins(name) for name in ([kind] if kind else KINDS)}
    if as_json:
        output.print_json("list", [row for rows in found.values() for row in rows])
        return
    for name, rows in found.items():
        click.echo(f"{name} ({len(rows)})" if kind else f"\n{name} ({len(rows)})")
        output.print_table(rows, _COLUMNS[name])
