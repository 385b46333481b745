"""`restobench score`: metrics of images that exist already."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.api.images.scores import COLUMNS, DEFAULT_METRIC
from harness.atomic import atomic_file
from harness.cli import options, output
from harness.cli.progress import ImageProgress
from harness.errors import InputError

if TYPE_CHECKING:
    from harness.scoring.files import References


@click.command(
    epilog="""
\b
Examples:
  restobench score photo.png
  restobench score restored/ -m niqe -m blur-effect --json
  restobench score restored/ --reference originals/ -m psnr-y -m ssim-y --crop-border 2
  restobench score restored/ --reference originals/ -m psnr --pattern "{id}_x4_MyNet.png"
  restobench score restored/ --csv scores.csv
"""
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=options.PATH)
@click.option(
    "--reference",
    metavar="DIR",
    type=options.EXISTING,
    help="Folder of references, paired by name (baboon_SwinIR.png is of baboon.png); or one file "
    "for every PATH.",
)
@click.option(
    "--pattern",
    default="",
    help="Name of the file of reference {id}, such as {id}_x4_MyNet.png.",
)
@options.metrics(help=f"Again for more  [default: {DEFAULT_METRIC}]")
@click.option(
    "--crop-border",
    type=options.Whole(0),
    default=0,
    show_default=True,
    help="Pixels cut from each side for metrics with a reference.",
)
@options.workers(
    default=None,
    help="Images at work at once, in processes of their own  [default: as many as pay; none for a "
    "few images]",
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
    pattern: str,
    metrics: tuple[str, ...],
    crop_border: int,
    workers: int | None,
    device: str,
    as_json: bool,
    csv_file: Path | None,
) -> int:
    """Score images that exist already; PATH is an image, or a folder of images.

    Images are quantised to 8 bits, and psnr-y and ssim-y take the float Y of BT.601. A file that
    cannot be scored is a row with its error, the others go on, and the exit code is 3.

    Scores are kept (RESTOBENCH_CACHE): a call that was stopped goes on from there, and of what has
    not changed nothing is scored again.
    """
    from harness.api.images.scores import score_paths
    from harness.scoring import files

    images, references = files.find_files(paths), files.References(reference, pattern)
    _check(csv_file)
    files.usable_metrics(metrics)
    _keep_inputs(paths, images, references, csv_file)
    if references.files and not flags["quiet"]:
        _tell_pairs(images, references)
    with ImageProgress(quiet=flags["quiet"]) as progress:
        known = metrics or (DEFAULT_METRIC,), crop_border, device
        rows = score_paths(images, references, *known, workers=workers, progress=progress)
    if csv_file is not None:
        _write_csv(csv_file, rows)
    if as_json:
        output.print_json("score", rows)
    else:
        _print(rows, flags["quiet"])
    return 3 if any(row["error"] is not None for row in rows) else 0


def _check(csv_file: Path | None) -> None:
    """Refuses what cannot end well before any work."""
    if csv_file is not None and not csv_file.parent.is_dir():
        raise InputError(
            f"--csv {csv_file}: the folder {csv_file.parent} does not exist; make it first"
        )


def _keep_inputs(
    paths: tuple[Path, ...], images: list[Path], references: References, csv_file: Path | None
) -> None:
    """Nothing is written over, and nothing is left out in silence."""
    found = (references.find(path) for path in images)
    options.keep_inputs([*images, *(path for path in found if isinstance(path, Path))], [csv_file])
    options.name_left_out(*paths)


def _tell_pairs(images: list[Path], references: References) -> None:
    """Which images have a reference of another name, and which references are nobody's."""
    pairs = {path: references.find(path) for path in images}
    found = {path: other for path, other in pairs.items() if isinstance(other, Path)}
    told = [f"{a.name} -> {b.name}" for a, b in found.items() if a.stem != b.stem]
    unused = [path.name for path in references.files if path not in found.values()]
    for what, names in (("paired by name", told), ("references of no image", unused)):
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            output.say(f"{what}: {', '.join(names[:5])}{more}")


def _write_csv(target: Path, rows: list[dict[str, object]]) -> None:
    try:
        with atomic_file(
            target.resolve(), pipes=True
        ) as place:  # what a link stands for is written
            _write_rows(place, rows)
    except OSError as error:
        raise InputError(f"--csv {target} cannot be written: {error.strerror}") from error


def _write_rows(target: Path, rows: list[dict[str, object]]) -> None:
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({key: output.json_value(row[key]) for key in COLUMNS} for row in rows)


def _print(rows: list[dict[str, object]], quiet: bool) -> None:
    if quiet:
        for row in rows:
            if row["error"] is not None:
                output.say(f"error: {row['path']}: {row['metric']}: {row['error']}")
        return
    output.print_table(rows, COLUMNS)
    for name in dict.fromkeys(row["metric"] for row in rows):
        values = [
            row["value"]
            for row in rows
            if row["metric"] == name and isinstance(row["value"], float)
        ]
        if len(values) > 1:
            output.echo(f"mean {name} of {len(values)} images: {sum(values) / len(values):.4g}")
