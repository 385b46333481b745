"""`restobench baseline`: what a run measured, as a file to commit."""

from __future__ import annotations

from pathlib import Path

import click

EXAMPLES = """
\b
Examples:
  restobench run -b gaussian-denoising -r my_denoiser.pth --out runs/main --workers 1
  restobench baseline runs/main -o baseline.json
"""


@click.command(epilog=EXAMPLES)
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The baseline, JSON with one line for each image and metric.",
)
def baseline(folder: Path, output: Path) -> int:
    """Write the scores, costs and hashes of a finished run, for `restobench compare`."""
    from harness.regression.baseline_file import write_baseline
    from harness.regression.measured_run import load_measured

    made = load_measured(folder)
    write_baseline(made, output)
    rows = sum(len(images) for images in made.scores.values())
    click.echo(
        f"{output}: {rows} scores, {len(made.failures)} failures, "
        f"{output.stat().st_size / 2**10:.0f} KiB"
    )
    return 0
