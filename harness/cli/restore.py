"""`restobench restore`: one restorer over an image or a folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.api.images.restoring import require_known
from harness.cards import RestorerCard
from harness.cli import options, output
from harness.conditions import CFAS, Conditions
from harness.errors import InputError
from harness.workers.devices import choose_device

if TYPE_CHECKING:
    from harness.plugins.specification import RestorerSpec


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
    "--sigma",
    "sigma_255",
    type=options.Real(),
    help="Standard deviation of the noise, on the 0-255 scale.",
)
@click.option("--quality", type=options.Whole(1, 100), help="JPEG quality of the input.")
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

    def known(card: RestorerCard) -> Conditions:
        conditions = _conditions(card, *told)
        _make_folder(pairs[0][1].parent)
        return conditions

    if not flags["quiet"]:
        output.say(f"loading {restorer}")
    name = spec.name or restorer
    return _restore_all(spec, choose_device(device), pairs, known, name, flags["quiet"])


def _restore_all(
    spec: RestorerSpec,
    device: str,
    pairs: list[tuple[Path, Path]],
    known: Callable[[RestorerCard], Conditions],
    name: str,
    quiet: bool,
) -> int:
    """Restores each image into its file; the exit code."""
    from harness.restoring.files import restore_files

    code, done = 0, 0
    reasons = restore_files(spec, device, pairs, known)
    with click.progressbar(pairs, label=name, hidden=quiet, file=sys.stderr) as bar:
        for (image, _), why in zip(bar, reasons, strict=True):
            if why is None:
                done += 1
            else:
                output.say(f"error: {image}: {why}")
                code = 3
    if not quiet:
        where = pairs[0][1].parent if len(pairs) > 1 else pairs[0][1]
        output.echo(f"{done} of {len(pairs)} images restored by {name}: {where}")
    return code


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
