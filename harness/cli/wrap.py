"""`restobench wrap`: how somebody's network is named after `-r`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from harness.cli import options, output
from harness.errors import InputError

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
    from harness.restoring.suggesting import suggest_restorer

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
    card = found.card
    if as_json:
        row = {
            "restorer": found.text,
            "loads": card is not None,
            "wrong": found.wrong or None,
            "scale": card.scales[0] if card and card.scales else None,
            "channels": card.channels[0] if card and card.channels else None,
            "range": list(card.value_range) if card else None,
            "parameters": card.parameters if card else None,
        }
        output.print_json("wrap", [row])
    elif card is not None:
        _print(found.text, found.wrong, card.scales, card.channels, card.parameters)
    else:
        output.say(f"error: it does not fit yet: {found.wrong}")
        click.echo(f"the nearest: -r {shlex.quote(found.text)}")
    return 0 if card is not None else 2


def _print(
    text: str,
    wrong: str,
    scales: tuple[int, ...],
    channels: tuple[int, ...],
    parameters: int | None,
) -> None:
    scale = scales[0] if scales else 1
    planes = channels[0] if channels else 3
    click.echo(f"scale {scale}, {planes} plane{'s' * (planes > 1)}, {parameters or 0:,} parameters")
    if wrong:
        click.echo(f"its range could not be told: {output.printable(wrong)}")
    benchmark = "sr-y --set set5-x{scale}" if scale > 1 else "quickstart"
    named = shlex.quote(text)
    click.echo(f"restobench run -b {benchmark.format(scale=scale)} -r {named}")
