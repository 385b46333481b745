"""`restobench baseline`: what a run measured, as a file to commit."""

from pathlib import Path

import click

from harness.cli import options, output


@click.command(
    epilog="""
\b
Examples:
  restobench run -b gaussian-denoising -r my_denoiser.pth --out runs/main --workers 1
  restobench baseline runs/main -o baseline.json
"""
)
@options.run_folder
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE",
    type=options.FILE,
    required=True,
    help="The baseline, JSON with one line for each image and metric.",
)
def baseline(folder: Path, target: Path) -> None:
    """Write the scores, costs and hashes of a finished run, for `restobench compare`."""
    from harness.regression import baseline_file, measured_run

    options.keep_inputs([folder], [target])
    made = measured_run.load_measured(folder)
    baseline_file.write_baseline(made, target)
    rows, kib = sum(map(len, made.scores.values())), target.stat().st_size / 2**10
    failures = output.counted(len(made.failures), "failure")
    output.echo(f"{target}: {output.counted(rows, 'score')}, {failures}, {kib:.0f} KiB")
    output.tell_left_out("kept", made.set_metrics)
