"""`restobench score`: metrics of images that exist already."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.images import Image
    from harness.protocols import Evaluation, Metric

DEFAULT_METRIC = "dri"
COLUMNS = ("path", "metric", "value", "spread", "error")

EXAMPLES = """
\b
Examples:
  restobench score photo.png
  restobench score restored/ -m niqe -m blur-effect --json
  restobench score restored/ --reference originals/ -m psnr-y -m ssim-y --crop-border 2
  restobench score restored/ --csv scores.csv
"""


@click.command(epilog=EXAMPLES)
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--reference",
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True),
    help="Folder of references, paired by file name without suffix; or one file for every PATH.",
)
@click.option(
    "-m", "--metric", "metrics", multiple=True, help=f"Again for more  [default: {DEFAULT_METRIC}]"
)
@click.option(
    "--crop-border",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Pixels cut from each side for metrics with a reference.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda:0.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.option(
    "--csv",
    "csv_file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the rows to FILE.",
)
@click.pass_context
def score(context: click.Context, /, paths: tuple[Path, ...], **options: Any) -> int:
    """Score images that exist already; PATH is an image, or a folder of images.

    Images are quantised to 8 bits, and psnr-y and ssim-y take the float Y of BT.601. A file that
    cannot be scored is a row with its error, the others go on, and the exit code is 3.
    """
    from harness.cli.output import print_json
    from harness.errors import InputError
    from harness.protocols import Evaluation
    from harness.storage.provenance import choose_device

    csv_file: Path | None = options["csv_file"]
    if csv_file is not None and not csv_file.parent.is_dir():
        raise InputError(
            f"--csv {csv_file}: the folder {csv_file.parent} does not exist; make it first"
        )
    files = find_images(paths)
    metrics = _resolve(
        tuple(dict.fromkeys(options["metrics"])) or (DEFAULT_METRIC,), options["reference"]
    )
    device = choose_device(options["device"])
    built = {name: cls(device=device) for name, cls in metrics.items()}
    evaluation = Evaluation("score", crop_border=options["crop_border"])
    quiet = bool((context.obj or {}).get("quiet"))
    rows = list(
        _score_files(
            _with_progress(files, quiet), built, _References(options["reference"]), evaluation
        )
    )
    if csv_file is not None:
        _write_csv(csv_file, rows)
    if options["as_json"]:
        print_json("score", rows)
    else:
        _print(rows, quiet)
    return 3 if any(row["error"] is not None for row in rows) else 0


def find_images(paths: Sequence[Path]) -> list[Path]:
    """Lists files as they are given, and the images of folders by name; each once, hidden files left out.

    Raises:
        InputError: A folder without any image.
    """
    from harness.errors import InputError
    from harness.formats import SUFFIXES

    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = [
            item
            for item in path.iterdir()
            if item.suffix.lower() in SUFFIXES and not item.name.startswith(".")
        ]
        if not inside:
            raise InputError(
                f"{path} holds no image; expected files ending in {', '.join(sorted(SUFFIXES))}"
            )
        found += sorted(inside)
    return list(dict.fromkeys(found))


def _resolve(names: Sequence[str], reference: Path | None) -> dict[str, Any]:
    from harness import plugins
    from harness.errors import InputError, UnavailableError

    classes: dict[str, Any] = {name: plugins.metrics.get(name) for name in names}
    for name, cls in classes.items():
        reason = cls.missing() if hasattr(cls, "missing") else None
        if reason:
            raise UnavailableError(f"metric {name} is not usable here: {reason}")
        if cls.card.needs_reference and reference is None:
            raise InputError(
                f"{name} compares with a reference: give --reference DIR, or -m with another metric"
            )
    return classes


class _References:
    """Finds an image's reference by its name without suffix, never by its position."""

    def __init__(self, source: Path | None) -> None:
        self.source = source
        self.by_stem: dict[str, list[Path]] = {}
        if source is not None and source.is_dir():
            for path in find_images([source]):
                self.by_stem.setdefault(path.stem, []).append(path)

    def read(self, path: Path) -> Image:
        from harness.errors import ImageError
        from harness.images import read_image

        if self.source is None:
            raise ImageError("no references were given: add --reference DIR")
        if self.source.is_file():
            return read_image(self.source)
        found = self.by_stem.get(path.stem, [])
        if not found:
            raise ImageError(
                f"{self.source} holds no reference called {path.stem!r}; names without suffix "
                "must agree"
            )
        if len(found) > 1:
            raise ImageError(
                f"two references are called {path.stem!r}: {found[0].name} and {found[1].name}"
            )
        return read_image(found[0])


def _score_files(
    files: Iterator[Path],
    metrics: Mapping[str, Metric],
    references: _References,
    evaluation: Evaluation,
) -> Iterator[dict[str, Any]]:
    from harness.images import read_image

    for path in files:
        image = _attempt(read_image, path)
        wanted = any(metric.card.needs_reference for metric in metrics.values())
        reference = _attempt(references.read, path) if wanted else None
        for name, metric in metrics.items():
            problem = (
                image
                if isinstance(image, str)
                else reference
                if metric.card.needs_reference
                else None
            )
            row = (
                {"error": problem}
                if isinstance(problem, str)
                else _measure(metric, image, reference, evaluation)
            )
            yield {
                "path": str(path),
                "metric": name,
                "value": None,
                "spread": None,
                "error": None,
                **row,
            }


def _attempt(read: Any, path: Path) -> Image | str:
    from harness.errors import HarnessError

    try:
        image: Image = read(path)
    except HarnessError as error:
        return str(error)
    return image


def _measure(metric: Metric, image: Any, reference: Any, evaluation: Evaluation) -> dict[str, Any]:
    from harness.errors import HarnessError
    from harness.images import to_rgb
    from harness.scoring.evaluation import prepare

    if not metric.card.needs_reference:
        reference = None
    elif image.shape[0] != reference.shape[0]:  # a grey file beside a colour one: both as RGB
        image, reference = to_rgb(image), to_rgb(reference)
    try:
        measured = metric(*prepare(image, reference, metric.card, evaluation, scale=1))
    except HarnessError as error:
        return {"error": str(error)}
    except Exception as error:  # a third party's metric may raise anything; the other files go on
        return {"error": f"{type(error).__name__}: {error}"}
    if math.isnan(measured.value):
        return {"error": f"{metric.card.name} returned NaN"}
    return {"value": float(measured.value), "spread": measured.spread}


def _with_progress(files: Sequence[Path], quiet: bool) -> Iterator[Path]:
    if quiet or not sys.stderr.isatty():
        return iter(files)
    from tqdm import tqdm

    return iter(tqdm(files, unit="image", file=sys.stderr, dynamic_ncols=True))


def _write_csv(target: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    import csv

    from harness.cli.output import json_value
    from harness.errors import InputError

    try:
        with target.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(json_value(row) for row in rows)
    except OSError as error:
        raise InputError(f"--csv {target} cannot be written: {error.strerror}") from error


def _print(rows: Sequence[Mapping[str, Any]], quiet: bool) -> None:
    from harness.cli.output import print_table

    if quiet:
        for row in rows:
            if row["error"] is not None:
                click.echo(f"error: {row['path']}: {row['metric']}: {row['error']}", err=True)
        return
    print_table(rows, COLUMNS)
    for name in dict.fromkeys(row["metric"] for row in rows):
        values = [
            row["value"] for row in rows if row["metric"] == name and row["value"] is not None
        ]
        if len(values) > 1:
            click.echo(f"mean {name} of {len(values)} images: {sum(values) / len(values):.4g}")
