"""Arguments and options that several commands share."""

import os
from collections import Counter
from functools import partial
from pathlib import Path

import click

from harness.errors import InputError
from harness.formats import require_images

PATH = click.Path(path_type=Path)
EXISTING = click.Path(path_type=Path, exists=True)
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
COUNT = click.IntRange(1)
POSITIVE = click.FloatRange(0, min_open=True)

run_folder = click.argument("folder", metavar="RUN", type=PATH)
run_folders = click.argument("folders", metavar="RUN...", nargs=-1, required=True, type=PATH)
source = click.argument("source", metavar="INPUT", type=EXISTING)
target = click.argument("target", metavar="OUTPUT", type=PATH)

# those without a text of help are told what they are for by their command
alias = partial(click.option, "--alias", "aliases", metavar="NEW=OLD", multiple=True)
baseline = partial(click.option, "--baseline", metavar="FILE", type=PATH)
data = partial(click.option, "--data", type=FOLDER)
device = partial(click.option, "--device", show_default=True, help="auto, cpu or cuda:0.")
json = partial(click.option, "--json", "as_json", is_flag=True)
metrics = partial(click.option, "-m", "--metric", "metrics", multiple=True)
settings = partial(click.option, "--settings", metavar="FILE", type=PATH)
timeout = partial(click.option, "--timeout", type=POSITIVE, show_default=True)
workers = partial(click.option, "--workers", type=COUNT, default=lambda: os.cpu_count() or 1)

require_complete = click.option(
    "--require-complete",
    "policy",
    flag_value="complete",
    default="common",
    help="Rank only restorers that have a score of every image.",
)


def find_images(source: Path, *, fate: str) -> list[Path]:
    """INPUT itself, or the images of the folder that it is.

    Args:
        source: INPUT.
        fate: What becomes of each: the words before the name of its file in OUTPUT.

    Raises:
        InputError: There are none, or two would go into one file.
    """
    files = require_images(source) if source.is_dir() else [source]
    stems = Counter(path.stem for path in files)
    twice = next((stem for stem in stems if stems[stem] > 1), None)
    if twice is not None:
        raise InputError(
            f"{source} holds two files called {twice!r}: both would {fate} {twice}.png"
        )
    return files
