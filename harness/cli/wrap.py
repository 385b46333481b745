"""`restobench wrap`: how somebody's network is named after `-r`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options, output
from harness.errors import InputError

if TYPE_CHECKING:
    from harness.api.suggesting import Suggested
    from harness.cards import RestorerCard

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    epilog="""
\b
Examples:
  restobench wrap weights.pth
  restobench wrap weights.pth net.py
"""
)
@click.argument("files", nargs=-1, required=True, type=EXISTING)
@options.json(help="One JSON document.")
def wrap(files: tuple[Path, ...], as_json: bool) -> int:
    """Look at a weight file, and at the Python FILE with its network's class, and print how the
    network is named after -r.

    The arguments of its class are found by the shapes of its weights, its scale and its range by
    running it. The Python file is run, in a process of its own.
    """  # noqa: D205 - the first paragraph of the help
    from harness.api.suggesting import suggest_restorer

    sources = [path for path in files if path.suffix == ".py"]
    weights = [path for path in files if path.suffix != ".py"]
    if len(weights) != 1 or len(sources) > 1:
        raise InputError(
            f"{len(weights)} weight files and {len(sources)} Python files; expected one weight "
            "file, and one Python file where no adapter knows the network"
        )
    try:
        found = suggest_restorer(weights[0], sources[0] if sources else None)
    except InputError as error:
        if sources:
            raise
        hint = f"give the file of its class: restobench wrap {weights[0]} net.py"
        raise InputError(f"{error}; {hint}") from error
    if as_json:
        output.print_json("wrap", [_row(found)])
    elif found.card is not None:
        _print(found, found.card)
    else:
        output.say(f"error: it does not fit yet: {found.wrong}")
        output.echo(f"the nearest: -r {shlex.quote(found.text)}")
    return 0 if found.card is not None else 2


def _row(found: Suggested) -> dict[str, object]:
    card = found.card
    return {
        "restorer": found.text,
        "loads": card is not None,
        "wrong": found.wrong or None,
        "scale": card.scales[0] if card and card.scales else None,
        "channels": card.channels[0] if card and card.channels else None,
        "range": list(card.value_range) if card else None,
        "parameters": card.parameters if card else None,
    }


def _print(found: Suggested, card: RestorerCard) -> None:
    scale = card.scales[0] if card.scales else 1
    planes = card.channels[0] if card.channels else 3
    parameters = f"{card.parameters or 0:,} parameters"
    output.echo(f"scale {scale}, {planes} plane{'s' * (planes > 1)}, {parameters}")
    if found.wrong:
        output.echo(f"its range could not be told: {output.printable(found.wrong)}")
    benchmark = f"sr-y --set set5-x{scale}" if scale > 1 else "quickstart"
    output.echo(f"restobench run -b {benchmark} -r {shlex.quote(found.text)}")
