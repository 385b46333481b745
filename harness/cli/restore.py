"""`restobench restore`: one restorer over an image or a folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from harness.conditions import CFAS

EXAMPLES = """
\b
Examples:
  restobench restore -r dat-light --scale 2 photo.png photo-x2.png
  restobench restore -r ffdnet --sigma 25 noisy/ denoised/
  restobench restore -r my_model.pth input/ output/
"""


@click.command(epilog=EXAMPLES)
@click.option("-r", "--restorer", required=True, help="Name, path or specification.")
@click.option(
    "--scale",
    type=click.IntRange(1),
    help="Super-resolution factor  [default: the restorer's smallest]",
)
@click.option(
    "--sigma", "sigma_255", type=float, help="Standard deviation of the noise, on the 0-255 scale."
)
@click.option("--quality", type=click.IntRange(1, 100), help="JPEG quality of the input.")
@click.option(
    "--cfa",
    type=click.Choice(CFAS),
    help="Bayer pattern of the input, which is 0 between its pixels.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda:0.")
@click.argument("input", type=click.Path(path_type=Path, exists=True))
@click.argument("output", type=click.Path(path_type=Path))
@click.pass_context
def restore(
    context: click.Context, /, input: Path, output: Path, restorer: str, device: str, **known: Any
) -> int:
    """Run one restorer over INPUT (an image, or a folder of images) and write PNG to OUTPUT.

    A file that fails is named, the others go on, and the exit code is 3.
    """
    from harness.errors import ImageError, InputError, RestorationError, UnavailableError
    from harness.images import read_image, write_image
    from harness.plugins import parse_restorer
    from harness.protocols import Conditions
    from harness.restoring.adaptation import restore_image
    from harness.restoring.probing import wrong_range
    from harness.storage.provenance import choose_device

    spec = parse_restorer(restorer)
    cls: Any = spec.cls()
    reason = cls.missing() if hasattr(cls, "missing") else None
    if reason:
        raise UnavailableError(f"restorer {restorer} is not usable here: {reason}")
    built = spec.build(choose_device(device))
    wrong = wrong_range(built) if spec.probed() else None
    if wrong:
        raise InputError(wrong)
    scale = known.pop("scale") or min(built.card.scales or (1,))
    conditions = Conditions(scale=scale, **known)
    if built.card.scales and scale not in built.card.scales:
        raise InputError(
            f"{built.card.name} has no x{scale}; its scales: "
            f"{', '.join(map(str, built.card.scales))}"
        )
    for name in built.card.conditions:
        if not conditions.knows(name):
            option = {"sigma_255": "give --sigma", "quality": "give --quality", "cfa": "give --cfa"}
            how = option.get(name, "run it on a set that knows it, with `restobench run`")
            raise InputError(f"{built.card.name} needs to know {name}: {how}")
    pairs = _pairs(input, output)
    failed = 0
    with click.progressbar(pairs, label=built.card.name, hidden=context.obj["quiet"]) as bar:
        for source, target in bar:
            try:
                restored = restore_image(
                    built, read_image(source), replace(conditions, sample_id=source.stem)
                )
            except (ImageError, RestorationError) as error:
                click.echo(f"error: {source}: {error}", err=True)
                failed += 1
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            write_image(target, restored)
    return 3 if failed else 0


def _pairs(source: Path, target: Path) -> list[tuple[Path, Path]]:
    from harness.errors import InputError
    from harness.formats import SUFFIXES

    if source.is_file():
        if target.is_dir():
            return [(source, target / f"{source.stem}.png")]
        if target.suffix.lower() != ".png":
            raise InputError(
                f"output {target} must end in .png: restored images are written without loss"
            )
        return [(source, target)]
    files = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise InputError(
            f"{source} holds no image; expected files ending in {', '.join(sorted(SUFFIXES))}"
        )
    stems = [path.stem for path in files]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice:
        raise InputError(
            f"{source} holds two files called {twice!r}: both would be written to {twice}.png"
        )
    return [(path, target / f"{path.stem}.png") for path in files]
