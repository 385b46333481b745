"""`restobench run`: degrade, restore, score, store, rank, report."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from harness.cli import options, output, places
from harness.cli.places import How
from harness.errors import InputError

if TYPE_CHECKING:
    from harness.protocols import Benchmark, DegradedSet
    from harness.results import Skipped
    from harness.running.plan import Plan


@click.command(
    epilog="""
\b
Examples:
  restobench run -b quickstart
  restobench run -b gaussian-denoising -r ffdnet -r my_denoiser.pth --data /data/sets
  restobench run -b sr-y --set set5-x2 -r bicubic -r "dat-light" --out runs/sr
  restobench run -b sr-y --set set5-x2 -r mine.pth --out runs/sr --extend
  restobench run -b quickstart -m psnr-y -m dri --limit 2 --dry-run
  restobench run -b sr-y -r net.pth --devices cuda:0-7 --out runs/sr
  restobench run -b sr-y -r net.pth --executor slurm:cluster.toml --out runs/sr --dry-run
"""
)
@click.option("-b", "--benchmark", required=True, help="A benchmark's name, or a TOML file.")
@click.option(
    "-r",
    "--restorer",
    "restorers",
    multiple=True,
    help="Name, path or specification; again for more.",
)
@options.metrics(help="Metrics instead of the benchmark's own.")
@click.option("--set", "sets", multiple=True, help="Only these sets of the benchmark.")
@click.option("--out", type=options.PATH, help="Run folder  [default: runs/BENCHMARK-TIME]")
@options.device(default="auto")
@click.option("--devices", help="Several GPUs, a restoration on each: cuda:0-7.")
@click.option(
    "--executor",
    metavar="NAME[:ARGUMENT]",
    help="Nodes that do it: slurm:cluster.toml, dask:ADDRESS, dask:FILE (docs/clusters.md).",
)
@click.option("--detach", is_flag=True, help="Hand the jobs over and leave; see `collect`.")
@options.workers(
    default=None, help="Restorations at once; samples and scores beside them  [default: cores]"
)
@click.option(
    "--batch",
    type=options.Whole(1, 1024),
    default=1,
    show_default=True,
    help="Images of one size that are restored, or scored, together, where a model takes several.",
)
@click.option("--limit", type=options.COUNT, help="The first N images of each set.")
@options.timeout(default=600.0, help="Seconds that one restoration may take.")
@click.option(
    "--memory",
    "memory_gib",
    type=options.POSITIVE,
    help="GiB that one restoring worker may take  [default: its share of what is free]",
)
@options.data(help="Folder of the known sets  [default: $RESTOBENCH_DATA]")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Print the cells, and what they will cost by one image of each set, and stop.",
)
@click.option(
    "--sandbox",
    is_flag=True,
    help="Restorers cannot read references, nor write elsewhere (Linux; docs/reliability.md).",
)
@click.option("--extend", is_flag=True, help="Add to the run of another plan that --out holds.")
@click.option("--fresh", is_flag=True, help="Throw away the run that --out holds.")
@click.option(
    "--fetch",
    is_flag=True,
    help="Fetch the weights that the run's metrics and zoo restorers want, each from its source.",
)
@click.pass_obj
def run(
    flags: dict[str, bool],
    /,
    benchmark: str,
    restorers: tuple[str, ...],
    metrics: tuple[str, ...],
    sets: tuple[str, ...],
    out: Path | None,
    limit: int | None,
    data: Path | None,
    dry_run: bool,
    fetch: bool,
    **how: Unpack[How],
) -> int:
    """Run restorers over a benchmark, score what they restore, and rank them.

    A run folder given with --out that holds a run of the same plan is resumed: only what is missing
    is run. More restorers, sets, images or metrics are added to it with --extend.
    """
    from harness.plugins.kinds import resolve_benchmark
    from harness.running.plan import make_plan

    if data:
        os.environ["RESTOBENCH_DATA"] = str(data.resolve())
    engine, device, visible = places.choose(how)
    found = resolve_benchmark(benchmark)
    folder = out or Path("runs") / f"{found.name}-{datetime.now():%Y%m%d-%H%M%S}"
    if fetch:
        _fetch(restorers or found.restorers, metrics or found.metrics, flags["quiet"])
    if how["sandbox"]:
        _hide_references(found, folder)
    _tell_start(restorers, flags["quiet"])
    plan = make_plan(found, restorers, metrics, sets, limit, device, elsewhere=engine is not None)
    _tell(plan, flags["quiet"])
    _tell_skips(plan, named=bool(restorers), quiet=flags["quiet"] or dry_run)
    where = places.Places(engine, visible, how)
    _check_extends(plan, folder, how)
    if not plan.cells() or dry_run:
        return _print_plan(plan, where, out.resolve() if out else Path("RUN"))
    return _execute(plan, folder, flags, where)


def _fetch(restorers: Sequence[str], metrics: Sequence[str], quiet: bool) -> None:
    """Fetches what is not here of what a run needs."""
    from harness import zoo
    from harness.cli.fetching import fetch_metrics
    from harness.metrics.fetching import state_of
    from harness.plugins import kinds
    from harness.plugins.specification import parse_restorer

    for text in restorers:
        card = kinds.fixed_card(parse_restorer(text).cls())
        if card and card.weights and zoo.missing(card.weights, card.name):
            output.say(f"fetching the weights of {card.name} ({card.licence})")
            zoo.fetch(card.weights)
    wanted = [name for name in metrics if state_of(kinds.any_metric(name)) == "fetchable"]
    fetch_metrics(wanted, accepted=False, quiet=quiet)


def _tell_start(restorers: tuple[str, ...], quiet: bool) -> None:
    """What takes the first seconds: a network by path is loaded once to see what it is."""
    from harness.plugins.specification import parse_restorer

    for text in restorers if not quiet else ():
        if (spec := parse_restorer(text)).file() is not None:
            output.say(f"looking at {spec.name or spec.text} in a worker: what it is fed, and how")


def _check_extends(plan: Plan, folder: Path, how: How) -> None:
    """Says what a plan adds to a run that is there already, or refuses it."""
    from harness.running.header import additions

    if how["fresh"] or not plan.cells():
        return
    if more := "; ".join(additions(folder.resolve(), plan)):
        if not how["extend"]:
            raise InputError(
                f"{folder} holds a run of another plan, to which this one adds {more}: give "
                "--extend to add it, another --out, or --fresh to start again"
            )
        output.say(f"adds to the run in {folder}: {more}")


def _tell(plan: Plan, quiet: bool) -> None:
    """What a reader of the leaderboard has to know: what is left out, and which file is whose."""
    for name, reason in plan.absent_metrics.items():
        output.say(f"left out metric {name}: {reason}")
    for line in dict.fromkeys(line for item in plan.sets for line in _left_out(item)):
        output.warn(line)
    for item in plan.restorers if not quiet else ():
        for line in item.notes:
            output.say(f"{item.name} {line}")


def _tell_skips(plan: Plan, *, named: bool, quiet: bool) -> None:
    """Names what is not going to be on the leaderboard: sets, and restorers that the user named."""
    able = {item.name for item in plan.restorers if item.sets}
    for skip in plan.skipped if plan.cells() and not quiet else ():
        if not skip.restorer or (named and skip.restorer not in able):
            output.say(_skipped(skip))


def _skipped(skip: Skipped) -> str:
    what = f"{skip.restorer} on {skip.set}" if skip.restorer else f"set {skip.set}"
    return f"skipped {what}: {skip.reason}"


def _left_out(item: DegradedSet) -> list[str]:
    """Which files of its folders a set leaves out; not every set has folders."""
    ask = getattr(item, "left_out", list)
    found: list[str] = ask()
    return found


def _hide_references(benchmark: Benchmark, folder: Path) -> None:
    from harness.restoring.hiding import hide_references

    if unknown := hide_references(benchmark.sets, folder):
        names = ", ".join(unknown)
        output.say(f"--sandbox: the files of {names} are not known, and can be read")


def _print_plan(plan: Plan, where: places.Places, folder: Path) -> int:
    cells = plan.cells()
    for skip in plan.skipped:
        click.echo(output.printable(_skipped(skip)), err=not cells)
    if not cells:
        click.echo(
            "error: nothing to run: no restorer of the plan supports a set of "
            f"{plan.benchmark.name}",
            err=True,
        )
        return 4
    for name, ids in plan.ids.items():
        able = [restorer.name for restorer in plan.restorers if name in restorer.sets]
        images, by = output.counted(len(ids), "image"), output.counted(len(able), "restorer")
        output.echo(f"{name}: {images} x {by}: {', '.join(able)}")
    metrics = ", ".join([*plan.metrics, *plan.set_metrics])
    output.echo(f"{output.counted(cells, 'cell')}, metrics {metrics}, device {plan.device}")
    where.print_costs(plan, folder)
    return 0


def _import_what_reports_need(restorers: int) -> None:
    """Spends the time in which the first restorers work; a single one is compared with nobody."""
    compare = ("scipy.stats",) if restorers > 1 else ()
    for name in (*compare, "matplotlib.figure", "jinja2", "PIL.WebPImagePlugin"):
        importlib.import_module(name)


def _execute(plan: Plan, folder: Path, flags: dict[str, bool], where: places.Places) -> int:
    from harness.cli import leaderboards, progress
    from harness.reporting import assemble, standing, write
    from harness.storage import clearing, store

    if where.how["fresh"] and folder.exists():
        clearing.throw_away(folder)
    meanwhile = partial(_import_what_reports_need, len(plan.restorers))
    with progress.CellProgress(
        quiet=flags["quiet"], verbose=flags["verbose"], meanwhile=meanwhile
    ) as shown:
        summary = where.run(plan, folder.resolve(), shown)
    if where.how["detach"]:
        output.echo(f"handed over; restobench collect {folder} takes in what is done")
        return 0
    data, writers = store.load_run(folder), write.report_writers(("html",))
    pages = standing.standing_report(data, folder, writers)
    report = assemble.assemble(data, folder, tables_only=bool(pages))
    if not flags["quiet"]:
        leaderboards.print_leaderboards(report.rows, report.costs, report.set_notes)
        leaderboards.print_set_standings(report.set_standings)
    [page] = pages or write.write_reports(report, writers)
    if not flags["quiet"]:
        output.echo(
            f"\n{summary.restored} restored, {summary.scored} scored, "
            f"{output.counted(summary.failures, 'failure')}"
            f"\nleaderboard: {page}"
        )
    asked = (row for row in report.set_standings if row.metric in plan.set_metrics)
    return 3 if summary.failures or any(row.value is None for row in asked) else 0
