"""`restobench score`: metrics of images that exist already."""

import csv
from dataclasses import asdict
from pathlib import Path

import click

from harness.cli import options, output
from harness.errors import InputError
from harness.workers.devices import choose_device

DEFAULT_METRIC = "dri"
COLUMNS = ("path", "metric", "value", "spread", "error")


@click.command(
    epilog="""
\b
Examples:
  restobench score photo.png
  restobench score restored/ -m niqe -m blur-effect --json
  restobench score restored/ --reference originals/ -m psnr-y -m ssim-y --crop-border 2
  restobench score restored/ --csv scores.csv
"""
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=options.PATH)
@click.option(
    "--reference",
    metavar="DIR",
    type=options.EXISTING,
    help="Folder of references, paired by file name without suffix; or one file for every PATH.",
)
@options.metrics(help=f"Again for more  [default: {DEFAULT_METRIC}]")
@click.option(
    "--crop-border",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Pixels cut from each side for metrics with a reference.",
)
@options.device(default="auto")
@options.json(help="One JSON document on standard output.")
@click.option(
    "--csv",
    "csv_file",
    metavar="FILE",
    type=options.FILE,
    help="Write the rows to FILE.",
)
@click.pass_obj
def score(
    flags: dict[str, bool],
    /,
    paths: tuple[Path, ...],
    reference: Path | None,
    metrics: tuple[str, ...],
    crop_border: int,
    device: str,
    as_json: bool,
    csv_file: Path | None,
) -> int:
    """Score images that exist already; PATH is an image, or a folder of images.

    Images are quantised to 8 bits, and psnr-y and ssim-y take the float Y of BT.601. A file that
    cannot be scored is a row with its error, the others go on, and the exit code is 3.
    """
    from harness.scoring import files

    if csv_file is not None and not csv_file.parent.is_dir():
        raise InputError(
            f"--csv {csv_file}: the folder {csv_file.parent} does not exist; make it first"
        )
    images, classes = files.find_files(paths), files.usable_metrics(metrics or (DEFAULT_METRIC,))
    for name, cls in classes.items():
        if cls.card.needs_reference and reference is None:
            raise InputError(
                f"{name} compares with a reference: give --reference DIR, or -m with another metric"
            )
    device, quiet = choose_device(device), flags["quiet"]
    rows = _rows(images, reference, list(classes), device, crop_border, quiet)
    if csv_file is not None:
        _write_csv(csv_file, rows)
    if as_json:
        click.echo(output.json_document("score", rows))
    else:
        _print(rows, quiet)
    return 3 if any(row["error"] is not None for row in rows) else 0


def _rows(
    images: list[Path],
    reference: Path | None,
    metrics: list[str],
    device: str,
    crop_border: int,
    quiet: bool,
) -> list[dict[str, object]]:
    from harness.protocols import Evaluation
    from harness.scoring.evaluation import build_metric
    from harness.scoring.files import References, score_file

    for name in metrics:
        build_metric(name, device)  # what cannot be built is said once, before any work
    references, evaluation = References(reference), Evaluation("score", crop_border=crop_border)
    rows = []
    for path in output.with_progress(images, quiet=quiet):
        scored = score_file(path, references.find(path), metrics, device, evaluation)
        for name, value in scored.scores.items():
            found = {"error": value} if isinstance(value, str) else asdict(value)
            rows.append({**dict.fromkeys(COLUMNS), "path": str(path), "metric": name, **found})
    return rows


def _write_csv(target: Path, rows: list[dict[str, object]]) -> None:
    try:
        with target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows({key: output.json_value(row[key]) for key in COLUMNS} for row in rows)
    except OSError as error:
        raise InputError(f"--csv {target} cannot be written: {error.strerror}") from error


def _print(rows: list[dict[str, object]], quiet: bool) -> None:
    if quiet:
        for row in rows:
            if row["error"] is not None:
                click.echo(f"error: {row['path']}: {row['metric']}: {row['error']}", err=True)
        return
    output.print_table(rows, COLUMNS)
    for name in dict.fromkeys(row["metric"] for row in rows):
        values = [
            row["value"]
            for row in rows
            if row["metric"] == name and isinstance(row["value"], float)
        ]
        if len(values) > 1:
            click.echo(f"mean {name} of {len(values)} images: {sum(values) / len(values):.4g}")
