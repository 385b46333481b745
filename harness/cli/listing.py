"""`restobench list`: what is installed, and whether it is usable here. Imports no heavy package."""

import textwrap
from collections.abc import Sequence

import click

from harness.api.plugins.listing import KINDS, list_plugins
from harness.cli import options, output
from harness.cli.output import Row

_WIDTH = 80
_COLUMNS = {
    "restorers": (
        "name", "tasks", "scale", "parameters", "licence", "usable", "distribution", "reason",
    ),
    "benchmarks": ("name", "sets", "images", "usable", "distribution", "description", "reason"),
    "sets": ("name", "task", "images", "pinned", "licence", "usable", "distribution", "reason"),
    "metrics": (
        "name", "needs_reference", "higher_is_better", "licence", "state", "megabytes",
        "distribution", "reason",
    ),
    "reports": ("name", "usable", "distribution", "reason"),
    "degradations": ("name", "parameters", "usable", "distribution", "reason"),
    "executors": ("name", "usable", "distribution", "reason"),
}  # fmt: skip


@click.command(
    "list",
    epilog="""
\b
Examples:
  restobench list
  restobench list metrics
  restobench list sets --long
  restobench list restorers --json
""",
)
@click.argument("kind", required=False, type=click.Choice(KINDS))
@click.option("--long", "whole", is_flag=True, help="Everything that is known of each.")
@options.json(help="One JSON document.")
def list_(kind: str | None, whole: bool, as_json: bool) -> None:
    """List restorers, benchmarks, sets, metrics, reports, degradations, executors: what each is,
    and what it needs.
    """  # noqa: D205 - the first paragraph of the help
    found = {name: list_plugins(name) for name in ([kind] if kind else KINDS)}
    if as_json:
        output.print_json("list", [row for rows in found.values() for row in rows])
    elif whole:
        for name, rows in found.items():
            output.echo(f"{name} ({len(rows)})" if kind else f"\n{name} ({len(rows)})")
            output.print_table(rows, _COLUMNS[name])
    elif kind:
        _print_lines(kind, found[kind])
        _print_terms(kind, found[kind])
    else:
        for name, rows in found.items():
            _print_names(name, rows)
        click.echo("`restobench list KIND` says what each is, --long all that is known of it")


def _heading(kind: str, rows: Sequence[Row]) -> str:
    missing = sum(not row["usable"] for row in rows)
    said = f", {missing} not usable here" if missing else ""
    if any(row.get("state") == "fetchable" for row in rows):
        said += ": `restobench zoo get NAME` fetches"
    return f"{kind} ({len(rows)}{said})"


def _print_names(kind: str, rows: Sequence[Row]) -> None:
    """A heading and two lines of names."""
    output.echo(_heading(kind, rows))
    names = [output.printable(row["name"]) for row in rows]
    lines, shown = textwrap.wrap(", ".join(names), _WIDTH - 2), 0
    if len(lines) > 2:
        shown = len(" ".join(lines[:2]).rstrip(",").split(", ")) - 1
        more = f", ... and {len(names) - shown} more"
        lines = textwrap.wrap(", ".join(names[:shown]) + more, _WIDTH - 2)
    for line in lines:
        output.echo(f"  {line}")


def _print_lines(kind: str, rows: Sequence[Row]) -> None:
    """A line each."""
    output.echo(_heading(kind, rows))
    width = max((len(output.printable(row["name"])) for row in rows), default=0)
    states = max((len(_state(row)) for row in rows if row["usable"] or _state(row)), default=0)
    for row in rows:
        state, said = _state(row), _summary(kind, row)
        if not row["usable"] and not state:
            said = f"{row.get('state') or 'not usable here'}: {row['reason']}"
        elif state:
            said = f"{state:{states}}  {said}"
        line = f"{output.printable(row['name']):{width}}  {output.printable(said)}".rstrip()
        output.echo(line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}...")


def _print_terms(kind: str, rows: Sequence[Row]) -> None:
    """Below metrics: licences that say more than a name, of weights and of what these learnt from.

    They may be a reason to leave a metric alone; the others are in `--long`.
    """
    told: dict[str, list[str]] = {}
    for row in rows:
        licence = str(row["licence"] or "")
        if kind == "metrics" and ";" in licence:
            told.setdefault(licence, []).append(str(row["name"]))
    if told:
        output.echo("\nterms of what they hold or learnt from:")
    wrap = textwrap.TextWrapper(
        _WIDTH, initial_indent="  ", subsequent_indent="    ", max_lines=4, placeholder=" ..."
    )
    for licence, names in told.items():
        for line in wrap.wrap(output.printable(f"{', '.join(names)}: {licence}")):
            output.echo(line)


def _summary(kind: str, row: Row) -> str:
    """What one plugin is, in a few words."""
    match kind:
        case "restorers":
            scales = "/".join(f"x{scale}" for scale in _items(row["scale"]) if scale != "1")
            return " ".join(filter(None, (", ".join(_items(row["tasks"])) or "any task", scales)))
        case "metrics":
            seen = "full-reference" if row["needs_reference"] else "no-reference"
            seen = "of sets" if row["kind"] == "set_metric" else seen
            return f"{seen}, {'higher' if row['higher_is_better'] else 'lower'} is better"
        case "sets":
            return f"{row['task']}, {row['images']} images"
        case "degradations":
            return ", ".join(_items(row["parameters"]))
    return str(row.get("description") or "")


def _state(row: Row) -> str:
    """Of a metric that is here or can be fetched: which of both, and how much that is."""
    match row.get("state"):
        case "fetchable":
            more = "+" if row["unknown_sizes"] else ""
            size = f" {row['megabytes']:.0f}{more} MB" if row["megabytes"] else ""
            return f"fetchable{size}"
        case "present" if row["usable"]:
            return "present"
    return ""


def _items(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []
