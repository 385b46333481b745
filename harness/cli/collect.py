"""`restobench collect`: what detached jobs have finished."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options, output


@click.command(
    epilog="""
\b
Examples:
  restobench run -b sr-y -r bicubic --executor slurm:cluster.toml --detach --out runs/sr
  restobench collect runs/sr
  restobench collect runs/sr && restobench report runs/sr
\b
Exit codes: 0 the run is complete; 2 no run, or no jobs; 3 cells are missing yet, or have failed, or
the plan's metrics of sets are to be measured.
"""
)
@options.run_folder
@click.option("--executor", default="", help="As `run` had it  [default: what the run says]")
@click.pass_obj
def collect(flags: dict[str, bool], /, folder: Path, executor: str) -> int:
    """Take in what detached jobs have finished, and say what is missing."""
    from harness.cli.progress import CellProgress
    from harness.distributing.collecting import collect as take_in
    from harness.distributing.engines import build_executor
    from harness.distributing.jobs import Jobs

    engine = build_executor(executor or Jobs.engine(folder))
    first = "looking for what is done"
    with CellProgress(quiet=flags["quiet"], verbose=flags["verbose"], first=first) as shown:
        found = take_in(folder.resolve(), engine, shown)
    done = found.cells - found.missing
    if not flags["quiet"]:
        output.echo(
            f"{done} of {found.cells} cells are there, {output.counted(found.failures, 'failure')}"
        )
        if found.waiting:
            output.echo(f"jobs that wait or run: {found.waiting}")
        if found.missing and found.lost:
            output.say(
                f"jobs that are gone: {found.lost}; the same `run` hands their cells over again"
            )
        if found.unmeasured and not found.missing:
            output.say(
                f"metrics of sets are measured by the same `run`: {', '.join(found.unmeasured)}"
            )
        elif not found.missing:
            output.echo(f"complete: restobench report {folder}")
    return 3 if found.missing or found.failures or found.unmeasured else 0
