"""`restobench history`: how scores went over many runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.history import Point

EXAMPLES = """
\b
Examples:
  restobench history runs/week-*
  restobench history runs/week-* --metric psnr-y --svg trend.svg
  restobench history baselines/*.json --json
"""


@click.command(epilog=EXAMPLES)
@click.argument("sources", metavar="RUN...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-m", "--metric", "metrics", multiple=True, help="Only this metric; again for more.")
@click.option("--svg", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Plot the trends.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, restobench/history/1.")
def history(sources: tuple[Path, ...], metrics: tuple[str, ...], svg: Path | None, as_json: bool) -> int:
    """Show the trend of each restorer and metric over runs, and which run introduced a step.

    RUN is a run folder or a baseline. Means are over the images of the same pixels in all runs; runs of another
    protocol than the last one's are left out, and named.
    """
    from harness.baseline_file import load_baseline
    from harness.cli.output import print_json
    from harness.history import draw_history, trace

    runs = {str(path): load_baseline(path) for path in sources}
    points, left_out = trace(runs)
    points = [point for point in points if not metrics or point.metric in metrics]
    for line in left_out:
        click.echo(f"left out: {line}", err=True)
    if svg:
        draw_history(points, svg)
    if as_json:
        print_json("history", [asdict(point) for point in points])
    else:
        _print(points)
    return 0 if points else 4


def _print(points: Sequence[Point]) -> None:
    from harness.cli.output import print_table

    trends: dict[tuple[str, str, str], list[Point]] = {}
    for point in points:
        trends.setdefault((point.set, point.metric, point.restorer), []).append(point)
    rows = [
        {
            "set": key[0], "metric": key[1], "restorer": key[2], "runs": len(trend), "n": trend[0].n,
            "first": trend[0].value, "last": trend[-1].value, "change": trend[-1].value - trend[0].value,
            "steps": ", ".join(f"{item.step:+.3g} at {item.run}{' (worse)' * bool(item.worse)}"
                               for item in trend if item.step is not None),
        }
        for key, trend in trends.items()
    ]  # fmt: skip
    print_table(rows, ("set", "metric", "restorer", "runs", "n", "first", "last", "change", "steps"))
