"""`restobench restore`: one restorer over an image or a folder."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.api.images import require_known
from harness.cards import RestorerCard
from harness.cli import options, output
from harness.conditions import CFAS, Conditions
from harness.errors import InputError, as_utf8, describe_error
from harness.workers.devices import choose_device

if TYPE_CHECKING:
    from harness.protocols import Restorer


@click.command(
    epilog="""
\b
Examples:
  restobench restore -r dat-light --scale 2 photo.png photo-x2.png
  restobench restore -r ffdnet --sigma 25 noisy/ denoised/
  restobench restore -r my_model.pth input/ output/
"""
)
@click.option("-r", "--restorer", required=True, help="Name, path or specification.")
@click.option(
    "--scale",
    type=options.COUNT,
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
@options.device(default="auto")
@options.source
@options.target
@click.pass_obj
def restore(
    flags: dict[str, bool],
    /,
    restorer: str,
    scale: int | None,
    sigma_255: float | None,
    quality: int | None,
    cfa: str | None,
    device: str,
    source: Path,
    target: Path,
) -> int:
    """Run one restorer over INPUT (an image, or a folder of images) and write PNG to OUTPUT.

    A file that fails is named, the others go on, and the exit code is 3.
    """
    from harness.plugins import kinds, registry, specification

    spec = specification.parse_restorer(restorer)
    registry.require_usable(f"restorer {restorer}", spec.cls())
    spec.check()
    pairs, told = _pairs(source, target), (scale, sigma_255, quality, cfa)
    if (card := kinds.fixed_card(spec.cls())) is not None:  # before anything is loaded
        _conditions(card, *told)

    from harness.restoring import build, probing

    if not flags["quiet"]:
        output.say(f"loading {restorer}")
    built = build.build_restorer(spec, choose_device(device))
    if spec.probed() and (wrong := probing.wrong_range(built)):
        raise InputError(wrong)
    known = _conditions(built.card, *told)
    _make_folder(pairs[0][1].parent)
    return _restore_all(built, known, pairs, flags["quiet"])


def _restore_all(
    restorer: Restorer, known: Conditions, pairs: list[tuple[Path, Path]], quiet: bool
) -> int:
    """Restores each image into its file; the exit code."""
    code, done = 0, 0
    label = restorer.card.name
    with click.progressbar(pairs, label=label, hidden=quiet, file=sys.stderr) as bar:
        for image, place in bar:
            here = replace(known, sample_id=as_utf8(image.stem))
            try:
                _restore_one(restorer, here, image, place)
                done += 1
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # a third party's code; the others go on
                output.say(f"error: {image}: {describe_error(error)}")
                code = 3
    if not quiet:
        where = pairs[0][1].parent if len(pairs) > 1 else pairs[0][1]
        click.echo(output.printable(f"{done} of {len(pairs)} images restored by {label}: {where}"))
    return code


def _restore_one(restorer: Restorer, known: Conditions, image: Path, place: Path) -> None:
    from harness.images import read_image, write_image
    from harness.restoring.adaptation import restore_image

    restored = restore_image(restorer, read_image(image), known)
    try:
        write_image(place, restored)
    except OSError as error:
        raise InputError(f"{place} cannot be written: {error.strerror or error}") from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"output folder {folder} cannot be made: {error.strerror or error}"
        ) from error


def _conditions(
    card: RestorerCard,
    scale: int | None,
    sigma_255: float | None,
    quality: int | None,
    cfa: str | None,
) -> Conditions:
    # never a scale that the restorer does not have, nor less than it needs to know
    scale = scale or min(card.scales or (1,))
    known = Conditions(scale, sigma_255=sigma_255, quality=quality, cfa=cfa)
    require_known(card, known)
    return known


def _pairs(source: Path, target: Path) -> list[tuple[Path, Path]]:
    images = options.find_images(source, fate="be written to")
    if source.is_dir() or target.is_dir():
        pairs = [(path, target / f"{path.stem}.png") for path in images]
        options.keep_inputs([source, *images], [target, *(place for _, place in pairs)])
        return pairs
    if target.suffix.lower() != ".png":
        raise InputError(
            f"output {target} must end in .png: restored images are written without loss"
        )
    options.keep_inputs([source], [target])
    return [(source, target)]
