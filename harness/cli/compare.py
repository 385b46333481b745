"""`restobench compare`: is this run worse than the baseline?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.results.verdicts import Finding

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
@click.option(
    "--baseline",
    "source",
    metavar="FILE",
    type=click.Path(path_type=Path),
    required=True,
    help="Written by `restobench baseline`; or another run folder.",
)
@click.option(
    "--alias",
    "aliases",
    metavar="NEW=OLD",
    multiple=True,
    help="A restorer that was renamed; again for more.",
)
@click.option(
    "--settings",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="TOML: alpha, [tolerance] by metric, [tolerance.cuda], seconds and peak_mib.",
)
@click.option(
    "--junit",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write JUnit XML.",
)
@click.option(
    "--github", is_flag=True, help="Print annotations, and append to $GITHUB_STEP_SUMMARY."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, restobench/compare/1.")
@click.pass_context
def compare(
    context: click.Context,
    /,
    folder: Path,
    source: Path,
    aliases: tuple[str, ...],
    settings: Path | None,
    junit: Path | None,
    github: bool,
    as_json: bool,
) -> int:
    """Judge RUN against a baseline, by restorer, set and metric.

    Images are paired by name and by the hash of their pixels. Quality regresses when a paired test,
    corrected over the whole run, and the interval of the mean difference, beyond the metric's
    tolerance, both say so. Seconds and memory are judged where the hardware agrees and both runs
    had --workers 1. `restobench report RUN --baseline FILE` shows the images.
    """
    from harness.cli.output import print_json
    from harness.regression.baseline_file import load_baseline
    from harness.regression.comparison import compare as judge
    from harness.regression.measured_run import load_measured, rename
    from harness.regression.tolerances import Settings, read_settings
    from harness.regression.verdict_files import append_summary, github_annotations, write_junit

    chosen = read_settings(settings) if settings else Settings()
    comparison = judge(
        load_measured(folder), rename(load_baseline(source), aliases), chosen, name=str(source)
    )
    if junit:
        write_junit(comparison, junit)
    if github:
        for line in github_annotations(comparison):
            click.echo(line, err=as_json)
        append_summary(comparison, os.environ.get("GITHUB_STEP_SUMMARY"))
    if as_json:
        print_json("compare", [_flat(finding) for finding in comparison.findings])
    elif not context.obj["quiet"]:
        _print(comparison.findings)
    return comparison.exit_code()


def _flat(finding: Finding) -> dict[str, Any]:
    row = asdict(finding)
    del row["worst"]
    return {**row, "verdict": str(finding.verdict)}


def _print(findings: Sequence[Finding]) -> None:
    """Everything that is not the same, then a count of the verdicts."""
    from harness.cli.output import print_table
    from harness.results.verdicts import COSTS, Verdict

    scores, costs = (
        [item for item in findings if (item.metric in COSTS) is wanted] for wanted in (False, True)
    )
    unjudged = [item for item in costs if item.verdict is Verdict.INCOMPARABLE]
    told = [
        item
        for item in findings
        if item.verdict not in (Verdict.SAME, Verdict.EQUAL) and item not in unjudged
    ]
    columns = (
        "verdict",
        "restorer",
        "set",
        "metric",
        "difference",
        "ci_low",
        "ci_high",
        "p",
        "n",
        "worst_image",
    )
    print_table([_flat(item) for item in told], (*columns, "reason"))
    for kind, chosen in (("scores", scores), ("costs", costs)):
        counts = {verdict: sum(item.verdict is verdict for item in chosen) for verdict in Verdict}
        click.echo(
            f"{kind}: "
            + (
                ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
                or "none"
            )
        )
    for reason in dict.fromkeys(item.reason for item in unjudged):
        click.echo(f"costs not judged: {reason}")
