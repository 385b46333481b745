"""`restobench history`: how scores went over many runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.results.trends import History

EXAMPLES = """
\b
Examples:
  restobench history runs/week-*
  restobench history runs/week-* --metric psnr-y --html history.html
  restobench history baselines/*.json --json
"""


@click.command(epilog=EXAMPLES)
@click.argument(
    "sources", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("-m", "--metric", "metrics", multiple=True, help="Only this metric; again for more.")
@click.option(
    "--html",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page: steps, charts, numbers.",
)
@click.option(
    "--svg",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Plot the trends.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, restobench/history/1.")
def history(
    sources: tuple[Path, ...],
    metrics: tuple[str, ...],
    html: Path | None,
    svg: Path | None,
    as_json: bool,
) -> int:
    """Show the trend of each restorer and metric over runs, and which run introduced a step.

    RUN is a run folder or a baseline. Means are over the images of the same pixels in all runs;
    runs of another protocol than the last one's are left out, and named.
    """
    from harness.cli.output import print_json, print_table
    from harness.regression.baseline_file import load_baseline
    from harness.regression.history import trace

    found = trace({str(path): load_baseline(path) for path in sources}, metrics)
    for line in found.left_out:
        click.echo(f"left out: {line}", err=True)
    for name, out in (("html", html), ("svg", svg)):
        if out:
            _write(name, found, out)
    if as_json:
        print_json("history", list(_points(found)))
    else:
        columns = ("set", "metric", "restorer", "runs", "n", "first", "last", "change", "steps")
        print_table(list(_summaries(found)), columns)
        for trend in found.trends:
            for _, point in trend.steps():
                if point.changes:
                    click.echo(
                        f"{point.run}, {trend.restorer}, {trend.metric}: {'; '.join(point.changes)}"
                    )
    return 0 if found.trends else 4


def _write(name: str, found: History, out: Path) -> None:
    from harness.errors import InputError
    from harness.plugins import history_reports

    try:
        history_reports.get(name)().write(found, out)
    except OSError as error:
        raise InputError(f"--{name} {out} cannot be written: {error.strerror or error}") from error


def _points(found: History) -> Iterator[dict[str, Any]]:
    for trend in found.trends:
        for point in trend.points:
            yield {
                "benchmark": trend.benchmark,
                "set": trend.set,
                "metric": trend.metric,
                "restorer": trend.restorer,
                "run": point.run,
                "started": point.started,
                "value": point.value,
                "n": trend.n,
                "step": point.step,
                "worse": point.worse,
                "changes": list(point.changes),
            }


def _summaries(found: History) -> Iterator[dict[str, Any]]:
    for trend in found.trends:
        first, last = trend.points[0].value, trend.points[-1].value
        steps = (
            f"{item.step:+.3g} at {item.run}{' (worse)' * bool(item.worse)}"
            for _, item in trend.steps()
        )
        yield {
            "set": trend.set,
            "metric": trend.metric,
            "restorer": trend.restorer,
            "runs": len(trend.points),
            "n": trend.n,
            "first": first,
            "last": last,
            "change": last - first,
            "steps": ", ".join(steps),
        }
