"""`restobench figure`: the crop figure of a paper."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from harness.atomic import atomic_file
from harness.cli import options, output
from harness.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.api.plots import Drawn

_REGION = re.compile(",".join([r"\s*(-?\d+)\s*"] * 4), re.ASCII)
SUFFIXES = (".png", ".pdf", ".svg", ".tex")


@click.command(
    epilog="""
\b
Examples:
  restobench figure runs/mine --image butterfly --region 120,40,64,64 -o butterfly.pdf
  restobench figure runs/mine --image butterfly --region 120,40,64,64 \\
    --restorers bicubic,edsr,dat-light -m psnr-y -m ssim-y -o crop.png -o crop.tex
  restobench figure runs/mine --set set5-x4 --image bird --restorers reference,degraded,edsr \\
    --label degraded="Input" --label edsr="EDSR [12]" --smooth --inset -o bird.pdf
"""
)
@options.run_folder
@click.option("--image", metavar="ID", required=True, help="The image.")
@click.option("--set", "set_name", metavar="SET", help="Its set, where several have that image.")
@click.option(
    "--region",
    metavar="X,Y,W,H",
    help="Left, top, width, height in pixels of the restored image  [default: 96 x 96 pixels where "
    "the restored images differ most]",
)
@click.option(
    "--restorers",
    metavar="A,B,...",
    multiple=True,
    help="In this order; degraded and reference where they are named, or else first and last  "
    "[default: the best six]",
)
@options.metrics(help="Whose scores stand below; again for more  [default: the first of the set]")
@click.option(
    "--label",
    "labels",
    metavar="NAME=TEXT",
    multiple=True,
    help="What is written in place of a name; again for more.",
)
@click.option("--columns", type=options.COUNT, help="Of crops.")
@click.option("--zoom", type=options.COUNT, help="How many pixels wide a pixel is drawn.")
@click.option("--smooth", is_flag=True, help="Enlarge bicubically  [default: pixel by pixel]")
@click.option("--inset", is_flag=True, help="Draw the region enlarged within the image as well.")
@click.option(
    "--no-image",
    "whole",
    flag_value=False,
    default=True,
    help="Crops alone, without the whole image beside them.",
)
@click.option(
    "-o",
    "--out",
    "outs",
    metavar="FILE",
    type=options.FILE,
    multiple=True,
    default=("figure.png",),
    show_default=True,
    help="PNG (300 dots an inch), PDF, SVG, or .tex: a table and its pictures; again for more.",
)
def figure(
    folder: Path,
    set_name: str | None,
    region: str | None,
    restorers: tuple[str, ...],
    labels: tuple[str, ...],
    outs: tuple[Path, ...],
    **how: Unpack[Drawn],
) -> None:
    """Draw one region of one image as each restorer shows it, with scores below.

    Beside it stands the whole image with the region marked.
    """
    from harness.api.result import Result

    wrong = next((out for out in outs if out.suffix.lower() not in SUFFIXES), None)
    if wrong is not None:
        raise InputError(f"-o {wrong}: expected a file that ends in {', '.join(SUFFIXES)}")
    options.keep_inputs([folder / options.STORE], outs)
    drawn = Result(folder).plot.crops(
        set=set_name,
        region=_region(region),
        restorers=[name.strip() for part in restorers for name in part.split(",") if name.strip()],
        labels=dict(_label(text) for text in labels),
        **how,
    )
    for out in outs:
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            _save(drawn, out)
        except OSError as error:
            raise InputError(f"{out} cannot be written: {error.strerror or error}") from error
        output.echo(out)


def _save(drawn: Figure, out: Path) -> None:
    """Writes a figure, whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    if out.suffix.lower() == ".tex":
        drawn.savefig(out)
        return
    content = BytesIO()  # matplotlib's PDF ends in an error of its own on a full disk
    drawn.savefig(content, format=out.suffix[1:].lower())
    with atomic_file(out, pipes=True) as partial:
        partial.write_bytes(content.getvalue())


def _region(text: str | None) -> tuple[int, int, int, int] | None:
    if text is None:
        return None
    if found := _REGION.fullmatch(text):
        left, top, width, height = map(int, found.groups())
        return left, top, width, height
    raise InputError(f"--region {text!r}: expected X,Y,W,H in whole pixels, such as 120,40,64,64")


def _label(text: str) -> tuple[str, str]:
    name, separator, label = text.partition("=")
    if not separator:
        raise InputError(f"--label {text!r}: expected NAME=TEXT")
    return name, label
