"""`restobench degrade`: a degraded set on disk, with a manifest of hashes."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options, output
from harness.errors import InputError
from harness.formats import SUFFIXES

if TYPE_CHECKING:
    from harness.images import Mode
    from harness.sets import degrading, manifest


@click.command(
    epilog="""
\b
Examples:
  restobench degrade gaussian-noise-clipped:sigma_255=25 photos/ noisy/
  restobench degrade gaussian-blur:sigma=1.6+imresize:scale=2+jpeg:quality=40 photos/ small/
  restobench degrade bsrgan:scale=4 photos/ blind/ --seed 1 --workers 4
  restobench degrade my_benchmark.toml --set night photos/ night/
  restobench degrade photos-sigma25 photo.png noisy.npy
\b
The same recipe, set name, seed and file names make the same pixels on any number of workers. \
An OUTPUT that was
begun is gone on with. Images of 8 bits (end the recipe with +eight-bits) are PNG; others are \
.npy: float32, channels first. restore, run and score read both.
"""
)
@click.argument("recipe")
@options.source
@options.target
@click.option(
    "--seed", type=options.Whole(0), help="Of all randomness  [default: the recipe's, or 0]"
)
@click.option(
    "--set",
    "set_name",
    help="Which set of a benchmark's file; else the set's name, which seeds as well.",
)
@click.option(
    "--mode",
    type=click.Choice(["auto", "rgb", "grey"]),
    default="auto",
    show_default=True,
    help="auto: grey files stay grey; grey: rounded Y of colour files.",
)
@click.option("--workers", type=options.COUNT, default=1, show_default=True, help="Processes.")
@options.json(help="One JSON document.")
@click.pass_obj
def degrade(
    flags: dict[str, bool],
    /,
    recipe: str,
    source: Path,
    target: Path,
    seed: int | None,
    set_name: str | None,
    mode: Mode,
    workers: int,
    as_json: bool,
) -> int:
    """Degrade INPUT (an image, or a folder of images) by RECIPE and write a set to OUTPUT.

    RECIPE is a degradation with its parameters, a chain of them joined by +, the name of a set, or
    a TOML file: a benchmark's, or one with a list of degradations. OUTPUT gets a manifest.json with
    the hash of every image. A file that fails is named, the others go on, and the exit code is 3.
    """
    from harness.plugins.degradation_text import parse_recipe
    from harness.sets import degrading, manifest

    known = parse_recipe(recipe, set_name if recipe.lower().endswith(".toml") else None)
    seed = known.seed if seed is None else seed
    known = replace(known, name=set_name or known.name, seed=seed)
    places, path = _places(source, target)
    _keep_inputs(places, path)
    made = manifest.Manifest(path, degrading.describe_recipe(known, mode), places)
    tasks = [degrading.DegradeTask(known, mode, place) for place in places]
    _degrade(tasks, made, workers, known.name, hidden=flags["quiet"] or as_json)
    rows = list(made.rows.values())
    done = sum(row.error is None for row in rows)
    if as_json:
        output.print_json("degrade", [asdict(row) for row in rows])
    elif not flags["quiet"]:
        output.echo(
            f"{done} of {len(rows)} images in {target}; fingerprint {made.fingerprint() or 'none'}"
        )
    return 0 if done == len(rows) else 3


def _degrade(
    tasks: list[degrading.DegradeTask],
    made: manifest.Manifest,
    workers: int,
    label: str,
    *,
    hidden: bool,
) -> None:
    from harness.sets.degrading import degrade_files

    with click.progressbar(length=len(tasks), label=label, file=sys.stderr, hidden=hidden) as bar:

        def advance(row: manifest.DegradedFile) -> None:
            if row.error:
                output.say(f"error: {row.input}: {row.error}")
            bar.update(1)

        degrade_files(tasks, made, workers=workers, advance=advance)


def _places(source: Path, target: Path) -> tuple[list[manifest.Place], Path]:
    """Where each image goes, and the manifest."""
    from harness.sets.manifest import Place

    if target.suffix.lower() in SUFFIXES and not target.is_dir():
        if source.is_dir():
            raise InputError(
                f"{source} is a folder, so OUTPUT must be one; {target} is named like a file"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        mask = target.with_name(f"{target.stem}-mask.png")
        place = Place(source, target.with_suffix(""), mask, target.suffix)
        return [place], target.with_name(f"{target.stem}.manifest.json")
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file; expected a folder")
    options.keep_inputs([source], [target])
    files = options.find_images(source, fate="become")
    target.mkdir(parents=True, exist_ok=True)
    masks = target / "masks"
    places = [Place(path, target / path.stem, masks / f"{path.stem}.png") for path in files]
    return places, target / "manifest.json"


def _keep_inputs(places: list[manifest.Place], path: Path) -> None:
    made = [
        out
        for place in places
        for out in (*(Path(f"{place.stem}{suffix}") for suffix in (".png", ".npy")), place.mask)
    ]
    options.keep_inputs([place.source for place in places], [path, *made])
