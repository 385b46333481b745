"""`restobench compare`: is this run worse than the baseline?"""

import os
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from harness.cli import options, output
from harness.results import COSTS, Finding, Verdict

_COLUMNS = (
    "verdict", "restorer", "set", "metric", "difference", "ci_low", "ci_high", "p", "n",
    "worst_image", "reason",
)  # fmt: skip


@click.command(
    epilog="""
\b
Examples:
  restobench compare runs/today --baseline baseline.json
  restobench compare runs/today --baseline baseline.json --junit verdict.xml --github
  restobench compare runs/today --baseline runs/last-week --json
  restobench compare runs/today --baseline baseline.json --alias my_model_v2=my_model
\b
Exit codes: 0 none; 1 regression; 3 cells that had a score fail now; 4 nothing was comparable.
"""
)
@options.run_folder
@options.baseline(required=True, help="Written by `restobench baseline`; or another run folder.")
@options.alias(help="A restorer that was renamed; again for more.")
@options.settings(
    help="TOML: alpha, [tolerance] by metric, [tolerance.cuda], seconds and peak_mib."
)
@click.option("--junit", metavar="FILE", type=options.FILE, help="Write JUnit XML.")
@click.option(
    "--github", is_flag=True, help="Print annotations, and append to $GITHUB_STEP_SUMMARY."
)
@options.json(help="One JSON document, restobench/compare/1.")
@click.pass_obj
def compare(
    flags: dict[str, bool],
    /,
    folder: Path,
    baseline: Path,
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
    from harness.api import runs
    from harness.regression import verdict_files

    options.keep_inputs([folder, baseline, settings], [junit])
    comparison = runs.compare(folder, baseline, aliases=aliases, settings=settings)
    if junit:
        verdict_files.write_junit(comparison, junit)
    if github:
        for line in verdict_files.github_annotations(comparison):
            click.echo(line, err=as_json)
        verdict_files.append_summary(comparison, os.environ.get("GITHUB_STEP_SUMMARY"))
    if as_json:
        output.print_json("compare", _rows(comparison.findings))
    elif not flags["quiet"]:
        _print(comparison.findings)
    output.tell_left_out("compared", comparison.set_metrics, quiet=flags["quiet"])
    return comparison.exit_code()


def _rows(findings: Iterable[Finding]) -> list[dict[str, object]]:
    return [
        {name: value for name, value in asdict(finding).items() if name != "worst"}
        for finding in findings
    ]


def _print(findings: tuple[Finding, ...]) -> None:
    """Everything that is not the same, then a count of the verdicts."""
    unjudged = [
        item for item in findings if item.metric in COSTS and item.verdict is Verdict.INCOMPARABLE
    ]
    told = (
        item
        for item in findings
        if item.verdict not in (Verdict.SAME, Verdict.EQUAL) and item not in unjudged
    )
    output.print_table(_rows(told), _COLUMNS)
    for kind, costs in (("scores", False), ("costs", True)):
        verdicts = [item.verdict for item in findings if (item.metric in COSTS) is costs]
        counts = [f"{verdicts.count(item)} {item}" for item in Verdict if item in verdicts]
        output.echo(f"{kind}: {', '.join(counts) or 'none'}")
    for reason in dict.fromkeys(item.reason for item in unjudged):
        click.echo(output.printable(f"costs not judged: {reason}"))
