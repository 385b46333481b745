"""`restobench check`: conformance of restorers and metrics."""

from dataclasses import asdict
from pathlib import Path

import click

from harness.cli import options, output
from harness.workers.devices import choose_device


@click.command(
    epilog="""
\b
Examples:
  restobench check bicubic psnr-y
  restobench check my_module:MyRestorer
  restobench check weights.pth --json
  restobench check dask:scheduler.json
  restobench check --all
\b
Exit codes: 0 every check passed; 2 no such plugin, or not usable here; 3 some check failed.
"""
)
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option(
    "--all", "everything", is_flag=True, help="Every restorer and metric that is usable here."
)
@options.device(default="cpu")
@options.timeout(default=120.0, help="Seconds that one check may take.")
@options.json(help="One JSON document.")
@click.pass_obj
def check(
    flags: dict[str, bool],
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
    line. An executor, as `run` takes it: that it opens, runs a chunk, tells an error, closes.
    """
    from harness.api.plugins.conformance import check_plugin, usable_plugins
    from harness.distributing.engines import check_executor, is_executor

    if not names and not everything:
        raise click.UsageError("name a restorer or metric, or give --all")
    device, found = choose_device(device), []
    for name in usable_plugins() if everything else dict.fromkeys(names):
        is_engine = not everything and is_executor(name)
        checks = (
            check_executor(name, Path.cwd(), timeout)
            if is_engine
            else check_plugin(name, device=device, timeout=timeout)
        )
        for item in checks:
            found.append(item)
            if not as_json and not flags["quiet"]:
                _print(item.passed, item.name, item.check, item.message)
    if as_json:
        output.print_json("check", [asdict(item) for item in found])
    return 0 if all(item.passed for item in found) else 3


def _print(passed: bool, *parts: str) -> None:
    mark, colour = ("ok", "green") if passed else ("FAILED", "red")
    click.secho(f"{mark:8}", fg=colour, nl=False)
    click.echo(output.printable(": ".join(part for part in parts if part)))
