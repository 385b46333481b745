"""`restobench run`: degrade, restore, score, store, rank, report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

EXAMPLES = """
\b
Examples:
  restobench run -b quickstart
  restobench run -b gaussian-denoising -r ffdnet -r my_denoiser.pth --data /data/sets
  restobench run -b sr-y --set set5-x2 -r bicubic -r "dat-light" --out runs/sr
  restobench run -b quickstart -m psnr-y -m dri --limit 2 --dry-run
"""


@click.command(epilog=EXAMPLES)
@click.option("-b", "--benchmark", required=True, help="A benchmark's name, or a TOML file.")
@click.option(
    "-r",
    "--restorer",
    "restorers",
    multiple=True,
    help="Name, path or specification; again for more.",
)
@click.option(
    "-m", "--metric", "metrics", multiple=True, help="Metrics instead of the benchmark's own."
)
@click.option("--set", "sets", multiple=True, help="Only these sets of the benchmark.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Run folder  [default: runs/BENCHMARK-TIME]"
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda:0.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Cells at work at once  [default: the number of cores]",
)
@click.option("--limit", type=click.IntRange(1), help="The first N images of each set.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=600.0,
    show_default=True,
    help="Seconds that one restoration may take.",
)
@click.option(
    "--memory",
    "memory_gib",
    type=click.FloatRange(0, min_open=True),
    help="GiB that one restoring worker may take  [default: its share of what is free]",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the known sets  [default: $RESTOBENCH_DATA]",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print the cells, and what they will cost by one image of each set, and stop.",
)
@click.option("--fresh", is_flag=True, help="Throw away what the run folder holds.")
@click.pass_context
def run(context: click.Context, /, **options: Any) -> int:
    """Run restorers over a benchmark, score what they restore, and rank them.

    A run folder given with --out that holds a run of the same plan is resumed: only what is missing
    is run.
    """
    return _run(context.obj, options)


def _run(flags: dict[str, bool], options: dict[str, Any]) -> int:
    import os

    from harness.plugins import resolve_benchmark
    from harness.running.plan import make_plan
    from harness.storage.provenance import choose_device

    if options["data"]:
        os.environ["RESTOBENCH_DATA"] = str(options["data"].resolve())
    benchmark = resolve_benchmark(options["benchmark"])
    plan = make_plan(
        benchmark,
        options["restorers"],
        options["metrics"],
        options["sets"],
        options["limit"],
        choose_device(options["device"]),
    )
    for name, reason in plan.absent_metrics.items():
        click.echo(f"left out metric {name}: {reason}", err=True)
    folder = options["out"] or _default_folder(benchmark.name)
    if not plan.cells():
        for skip in plan.skipped:
            click.echo(f"skipped {skip.restorer or 'set'} on {skip.set}: {skip.reason}", err=True)
        click.echo(
            f"error: nothing to run: no restorer of the plan supports a set of {benchmark.name}",
            err=True,
        )
        return 4
    if options["dry_run"]:
        _print_dry_run(plan, options)
        return 0
    return _execute(plan, folder, options, flags)


def _execute(plan: Any, folder: Path, options: dict[str, Any], flags: dict[str, bool]) -> int:
    import os

    from harness.cli.progress import CellProgress
    from harness.cli.rank import print_leaderboards
    from harness.reporting.write import write_reports
    from harness.running.runner import run_plan
    from harness.storage.store import load_run

    if options["fresh"]:
        _throw_away(folder)
    with CellProgress(quiet=flags["quiet"], verbose=flags["verbose"]) as progress:
        summary = run_plan(
            plan,
            folder.resolve(),
            workers=options["workers"] or os.cpu_count() or 1,
            timeout=options["timeout"],
            memory_mib=int(options["memory_gib"] * 1024) if options["memory_gib"] else None,
            progress=progress,
        )
    data = load_run(folder)
    if not flags["quiet"]:
        print_leaderboards(data)
    pages = write_reports(folder, ["html"])
    if not flags["quiet"]:
        click.echo(
            f"\n{summary.restored} restored, {summary.scored} scored, {summary.failures} failures"
        )
        click.echo(f"leaderboard: {pages[0]}")
    return 3 if summary.failures else 0


def _default_folder(benchmark: str) -> Path:
    from datetime import datetime

    return Path("runs") / f"{benchmark}-{datetime.now():%Y%m%d-%H%M%S}"


def _throw_away(folder: Path) -> None:
    """Removes a run, and nothing that is not one."""
    import shutil

    from harness.errors import InputError
    from harness.storage.store import FILENAME

    if not folder.exists():
        return
    if not (folder / FILENAME).is_file() and any(folder.iterdir()):
        raise InputError(f"--fresh: {folder} holds no run (no {FILENAME}); it is left as it is")
    shutil.rmtree(folder)


def _print_dry_run(plan: Any, options: dict[str, Any]) -> None:
    import os

    from harness.running.estimate import estimate_costs

    for skip in plan.skipped:
        click.echo(f"skipped {skip.restorer or 'set'} on {skip.set}: {skip.reason}")
    for name, ids in plan.ids.items():
        supported = [restorer.name for restorer in plan.restorers if name in restorer.sets]
        click.echo(
            f"{name}: {len(ids)} images x {len(supported)} restorers: {', '.join(supported)}"
        )
    click.echo(f"{plan.cells()} cells, metrics {', '.join(plan.metrics)}, device {plan.device}")
    click.echo("restoring the first image of each set, to see what it costs ...", err=True)
    estimate = estimate_costs(plan, options["timeout"])
    for restorer, name, message in estimate.failed:
        click.echo(f"failed {restorer} on {name}: {message}")
    workers = options["workers"] or os.cpu_count() or 1
    seconds = estimate.total_seconds()
    click.echo(
        f"about {estimate.mib:.1f} MiB of restored images; about {seconds / workers:.0f} s of "
        f"restoring on {workers} workers ({seconds:.0f} s of work); loading and scoring come on top"
    )
