"""`restobench check`: conformance of restorers and metrics."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.testing import Check

EXAMPLES = """
\b
Examples:
  restobench check bicubic psnr-y
  restobench check my_module:MyRestorer
  restobench check weights.pth --json
  restobench check --all
\b
Exit codes: 0 every check passed; 2 no such plugin, or not usable here; 3 some check failed.
"""


@click.command(epilog=EXAMPLES)
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option(
    "--all", "everything", is_flag=True, help="Every restorer and metric that is usable here."
)
@click.option("--device", default="cpu", show_default=True, help="auto, cpu or cuda:0.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=120.0,
    show_default=True,
    help="Seconds that one check may take.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def check(
    context: click.Context,
    /,
    names: tuple[str, ...],
    everything: bool,
    device: str,
    timeout: float,
    as_json: bool,
) -> int:
    """Check that restorers and metrics keep their contract: NAME is a name, path or specification.

    A restorer: shape and scale, dtype, range, determinism, odd sizes, a tiny image, a grey image,
    that its input is not changed, and whether it is fed in the range it wants. A metric: identity,
    direction, batch independence, finite values. Each check runs in a worker process, and takes one
    line.
    """
    from harness.cli.output import print_json
    from harness.running.conformance import check_plugin, usable_plugins
    from harness.storage.provenance import choose_device

    if not names and not everything:
        raise click.UsageError("name a restorer or metric, or give --all")
    device = choose_device(device)
    found = []
    for name in usable_plugins() if everything else dict.fromkeys(names):
        for item in check_plugin(name, device=device, timeout=timeout):
            found.append(item)
            if not as_json and not context.obj["quiet"]:
                _print(item)
    if as_json:
        print_json("check", [asdict(item) for item in found])
    return 0 if all(item.passed for item in found) else 3


def _print(item: Check) -> None:
    # names and messages come from elsewhere: nothing in them may steer the terminal
    text = f"{item.name}: {item.check}" + (f": {item.message}" if item.message else "")
    click.secho(
        "ok      " if item.passed else "FAILED  ", fg="green" if item.passed else "red", nl=False
    )
    click.echo("".join(character if character.isprintable() else "?" for character in text))
