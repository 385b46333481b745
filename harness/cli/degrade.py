"""`restobench degrade`: a degraded set on disk, with a manifest of hashes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.sets.manifest import Place

EXAMPLES = """
\b
Examples:
  restobench degrade gaussian-noise-clipped:sigma_255=25 photos/ noisy/
  restobench degrade gaussian-blur:sigma=1.6+imresize:scale=2+jpeg:quality=40 photos/ small/
  restobench degrade bsrgan:scale=4 photos/ blind/ --seed 1 --workers 4
  restobench degrade my_benchmark.toml --set night photos/ night/
  restobench degrade photos-sigma25 photo.png noisy.npy
\b
The same recipe, set name, seed and file names make the same pixels on any number of workers. An OUTPUT that was
begun is gone on with. Images that no file of 8 bits can hold are written as .npy: float32, channels first.
"""


@click.command(epilog=EXAMPLES)
@click.argument("recipe")
@click.argument("input", type=click.Path(path_type=Path, exists=True))
@click.argument("output", type=click.Path(path_type=Path))
@click.option(
    "--seed", type=click.IntRange(0), help="Of all randomness  [default: the recipe's, or 0]"
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
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def degrade(
    context: click.Context,
    /,
    recipe: str,
    input: Path,
    output: Path,
    workers: int,
    as_json: bool,
    **choices: Any,
) -> int:
    """Degrade INPUT (an image, or a folder of images) by RECIPE and write a set to OUTPUT.

    RECIPE is a degradation with its parameters, a chain of them joined by +, the name of a set, or
    a TOML file: a benchmark's, or one with a list of degradations. OUTPUT gets a manifest.json with
    the hash of every image. A file that fails is named, the others go on, and the exit code is 3.
    """
    from dataclasses import asdict, replace

    from harness.cli.output import print_json
    from harness.plugins.degradation_text import parse_recipe
    from harness.sets.degrading import DegradeTask, degrade_files, describe_recipe
    from harness.sets.manifest import DegradedFile, Manifest

    parsed = parse_recipe(recipe, choices["set_name"] if recipe.lower().endswith(".toml") else None)
    if choices["set_name"]:
        parsed = replace(parsed, name=choices["set_name"])
    if choices["seed"] is not None:
        parsed = replace(parsed, seed=choices["seed"])
    places, manifest_path = _places(input, output)
    mode = choices["mode"]
    manifest = Manifest(manifest_path, describe_recipe(parsed, mode), places)
    tasks = [DegradeTask(parsed, mode, place) for place in places]
    with click.progressbar(
        length=len(tasks),
        label=parsed.name,
        file=sys.stderr,
        hidden=context.obj["quiet"] or as_json,
    ) as bar:

        def advance(row: DegradedFile) -> None:
            if row.error:
                click.echo(f"error: {row.input}: {row.error}", err=True)
            bar.update(1)

        degrade_files(tasks, manifest, workers=workers, advance=advance)
    rows = list(manifest.rows.values())
    if as_json:
        print_json("degrade", [asdict(row) for row in rows])
    elif not context.obj["quiet"]:
        done = sum(row.error is None for row in rows)
        click.echo(
            f"{done} of {len(rows)} images in {output}; fingerprint "
            f"{manifest.fingerprint() or 'none'}"
        )
    return 3 if any(row.error for row in rows) else 0


def _places(source: Path, target: Path) -> tuple[list[Place], Path]:
    """Where each image goes, and the manifest."""
    from harness.errors import InputError
    from harness.formats import SUFFIXES
    from harness.sets.manifest import Place

    if target.suffix.lower() in SUFFIXES | {".npy"} and not target.is_dir():
        if source.is_dir():
            raise InputError(
                f"{source} is a folder, so OUTPUT must be one; {target} is named like a file"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        return [
            Place(
                source,
                target.with_suffix(""),
                target.with_name(f"{target.stem}-mask.png"),
                target.suffix,
            )
        ], (target.with_name(f"{target.stem}.manifest.json"))
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file; expected a folder")
    files = [source]
    if source.is_dir():
        if target.resolve() == source.resolve():
            raise InputError(
                f"OUTPUT is INPUT ({source}): degraded images need a folder of their own"
            )
        files = sorted(
            path
            for path in source.iterdir()
            if path.suffix.lower() in SUFFIXES and path.name[0] != "."
        )
    if not files:
        raise InputError(
            f"{source} holds no image; expected files ending in {', '.join(sorted(SUFFIXES))}"
        )
    stems = [path.stem for path in files]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice is not None:
        raise InputError(
            f"{source} holds two files called {twice!r}: both would become {twice}.png"
        )
    target.mkdir(parents=True, exist_ok=True)
    return [
        Place(path, target / path.stem, target / "masks" / f"{path.stem}.png") for path in files
    ], (target / "manifest.json")
