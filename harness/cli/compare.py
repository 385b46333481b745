"""`restobench compare`: is this run worse than the baseline?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.regression import Comparison

EXAMPLES = """
\b
Examples:
  restobench compare runs/today --baseline baseline.json
  restobench compare runs/today --baseline baseline.json --junit verdict.xml --github
  restobench compare runs/today --baseline runs/last-week --json
  restobench compare runs/today --baseline baseline.json --alias my_model_v2=my_model
\b
Exit codes: 0 none; 1 regression; 3 cells that had a score fail now; 4 nothing was comparable.
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--baseline", "source", metavar="FILE", type=click.Path(path_type=Path), required=True,
              help="Written by `restobench baseline`; or another run folder.")  # fmt: skip
@click.option(
    "--alias", "aliases", metavar="NEW=OLD", multiple=True, help="A restorer that was renamed; again for more."
)
@click.option("--settings", metavar="FILE", type=click.Path(path_type=Path),
              help="TOML: alpha, [tolerance] by metric, seconds and peak_mib as ratios.")  # fmt: skip
@click.option("--junit", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML.")
@click.option("--github", is_flag=True, help="Print annotations, and append to $GITHUB_STEP_SUMMARY.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, restobench/compare/1.")
@click.pass_context
def compare(
    context: click.Context, /, folder: Path, source: Path, aliases: tuple[str, ...], settings: Path | None,
    junit: Path | None, github: bool, as_json: bool,
) -> int:  # fmt: skip
    """Judge RUN against a baseline, by restorer, set and metric.

    Images are paired by name and by the hash of their pixels. Quality regresses when a paired test, corrected for the
    number of tests, and the interval of the mean difference, beyond the metric's tolerance, both say so. Seconds and
    memory are judged where the hardware agrees and both runs had --workers 1.
    """
    from harness.baseline import make_baseline, read_baseline, rename
    from harness.cli.output import print_json
    from harness.regression import Settings, exit_code, read_settings
    from harness.regression import compare as judge
    from harness.store import load_run
    from harness.verdict_files import github_annotations, job_summary, write_junit

    now = rename(make_baseline(load_run(folder)), aliases)
    before = make_baseline(load_run(source)) if source.is_dir() else read_baseline(source)
    rows = judge(now, before, read_settings(settings) if settings else Settings())
    if junit:
        write_junit(rows, junit)
    if github:
        for line in github_annotations(rows):
            click.echo(line, err=as_json)
        if os.environ.get("GITHUB_STEP_SUMMARY"):
            with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
                file.write(job_summary(rows))
    if as_json:
        print_json("compare", [asdict(row) for row in rows])
    elif not context.obj["quiet"]:
        _print(rows)
    return exit_code(rows)


def _print(rows: Sequence[Comparison]) -> None:
    """Everything that is not the same, then a count of the verdicts."""
    from harness.cli.output import print_table
    from harness.regression import COSTS, Verdict

    quality, costs = ([row for row in rows if (row.metric in COSTS) is wanted] for wanted in (False, True))
    unjudged = [row for row in costs if row.verdict is Verdict.INCOMPARABLE]
    told = [row for row in rows if row.verdict not in (Verdict.SAME, Verdict.EQUAL) and row not in unjudged]
    columns = ("verdict", "restorer", "set", "metric", "difference", "ci_low", "ci_high", "p", "n", "worst_image")
    print_table([{**asdict(row), "verdict": str(row.verdict)} for row in told], (*columns, "reason"))
    for kind, chosen in (("scores", quality), ("costs", costs)):
        counts = {verdict: sum(row.verdict is verdict for row in chosen) for verdict in Verdict}
        click.echo(
            f"{kind}: " + (", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count) or "none")
        )
    for reason in dict.fromkeys(row.reason for row in unjudged):
        click.echo(f"costs not judged: {reason}")
