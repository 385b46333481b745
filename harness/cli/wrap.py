"""`restobench wrap`: how somebody's network is named after `-r`."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options, output
from harness.errors import InputError

if TYPE_CHECKING:
    from harness.api.plugins.suggesting import Suggested
    from harness.cards import RestorerCard

_PHOTOS = {2: "demo --set photos-x2", 3: "sr-y --set set5-x3", 4: "demo --set photos-x4"}
"""Where a network of this scale can be run; for 2 and 4 with nothing but what is installed."""

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    epilog="""
\b
Examples:
  restobench wrap weights.pth
  restobench wrap weights.pth net.py
  restobench wrap weights.pth net.py --plugin my_net.py
"""
)
@click.argument("files", nargs=-1, required=True, type=EXISTING)
@click.option(
    "--plugin",
    type=options.PATH,
    help="Also write a restorer's class to complete, for what -r cannot say.",
)
@options.json(help="One JSON document.")
def wrap(files: tuple[Path, ...], plugin: Path | None, as_json: bool) -> int:
    """Look at a weight file, and at the Python FILE with its network's class, and print how the
    network is named after -r.

    The arguments of its class are found by the shapes of its weights, its scale and its range by
    running it. The Python file is run, in a process of its own.
    """  # noqa: D205 - the first paragraph of the help
    from harness.api.plugins.suggesting import suggest_restorer

    sources = [path for path in files if path.suffix == ".py"]
    weights = [path for path in files if path.suffix != ".py"]
    if len(weights) != 1 or len(sources) > 1:
        raise InputError(
            f"{len(weights)} weight files and {len(sources)} Python files; expected one weight "
            "file, and one Python file where no adapter knows the network"
        )
    if plugin and (not sources or plugin.suffix != ".py" or plugin.exists()):
        raise InputError(
            f"--plugin {plugin}: expected a new file that ends in .py, and the network's source"
        )
    found = suggest_restorer(weights[0], sources[0] if sources else None)
    if plugin:
        plugin.write_text(found.skeleton, encoding="utf-8")
        cls = re.search(r"class (\w+)", found.skeleton)
        output.say(f"{plugin}: -r {plugin.stem}:{cls[1] if cls else ''}, when it is complete")
    if as_json:
        output.print_json("wrap", [_row(found)])
    elif found.card is not None:
        _print(found, found.card)
    else:
        output.say(f"error: it does not fit yet: {found.wrong}")
        output.echo(f"the nearest: -r {shlex.quote(found.text)}")
        if not plugin:
            output.say("--plugin FILE.py writes a class to complete, for what -r cannot say")
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
    parameters = () if card.parameters is None else (f"{card.parameters:,} parameters",)
    fed = "fed {:g}..{:g}".format(*card.value_range)
    size = f"scale {scale}, {planes} plane{'s' * (planes > 1)}"
    output.echo(", ".join((size, fed, *parameters)))
    if found.note:
        output.echo(f"weights {found.note}")
    if found.wrong:
        output.echo(f"its range could not be told: {output.printable(found.wrong)}")
    output.echo(
        f"restobench run -b {_PHOTOS.get(scale, 'quickstart')} -r {shlex.quote(found.text)}"
    )
