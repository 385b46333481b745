"""`restobench history`: how scores went over many runs."""

from pathlib import Path

import click

from harness.cli import options, output
from harness.errors import InputError
from harness.results import Trend

_COLUMNS = ("set", "metric", "restorer", "runs", "n", "first", "last", "change", "steps")


@click.command(
    epilog="""
\b
Examples:
  restobench history runs/week-*
  restobench history runs/week-* --metric psnr-y --html history.html
  restobench history baselines/*.json --json
"""
)
@options.run_folders
@options.metrics(help="Only this metric; again for more.")
@click.option(
    "--html",
    metavar="FILE",
    type=options.FILE,
    help="Write a page: steps, charts, numbers.",
)
@click.option("--svg", metavar="FILE", type=options.FILE, help="Plot the trends.")
@options.json(help="One JSON document, restobench/history/1.")
def history(
    folders: tuple[Path, ...],
    metrics: tuple[str, ...],
    html: Path | None,
    svg: Path | None,
    as_json: bool,
) -> int:
    """Show the trend of each restorer and metric over runs, and which run introduced a step.

    RUN is a run folder or a baseline. Means are over the images of the same pixels in all runs;
    runs of another evaluation than the last one's are left out, and named.
    """
    from harness.plugins.kinds import history_reports
    from harness.regression import baseline_file, history

    options.keep_inputs(folders, [html, svg])
    runs = {str(path): baseline_file.load_baseline(path) for path in folders}
    found = history.trace(runs, metrics)
    for line in found.left_out:
        output.say(f"left out: {line}")
    for name, out in (("html", html), ("svg", svg)):
        try:
            if out:
                history_reports.get(name)().write(found, out)
        except OSError as error:
            raise InputError(
                f"--{name} {out} cannot be written: {error.strerror or error}"
            ) from error
    if as_json:
        points = [row for trend in found.trends for row in _points(trend)]
        output.print_json("history", points)
    else:
        output.print_table([_summary(trend) for trend in found.trends], _COLUMNS)
        for trend in found.trends:
            for point in (point for _, point in trend.steps() if point.changes):
                told = f"{point.run}, {trend.restorer}, {trend.metric}: {'; '.join(point.changes)}"
                click.echo(output.printable(told))
    return 0 if found.trends else 4


def _points(trend: Trend) -> list[dict[str, object]]:
    return [
        {
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
        for point in trend.points
    ]


def _summary(trend: Trend) -> dict[str, object]:
    first, last = trend.points[0].value, trend.points[-1].value
    steps = [
        f"{item.step:+.3g} at {item.run}{' (worse)' * bool(item.worse)}"
        for _, item in trend.steps()
    ]
    return {
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
