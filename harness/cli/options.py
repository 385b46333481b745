"""Arguments and options that several commands share."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import click

from harness.cards import plain_number
from harness.cli import output
from harness.errors import InputError
from harness.formats import images_of, left_out
from harness.workers.allocation import cores

PATH = click.Path(path_type=Path)
EXISTING = click.Path(path_type=Path, exists=True)
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


def _require_plain(value: object, fail: Callable[[str], object]) -> None:
    """Refuses what click takes for a number besides: `1_0`, `nan`, digits of other scripts."""
    if isinstance(value, str):
        try:
            plain_number(value)
        except ValueError as error:
            fail(str(error))


class Whole(click.IntRange):
    """A whole number as people write it, perhaps within bounds."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """As click does, after a look at the digits."""
        _require_plain(value, partial(self.fail, param=param, ctx=ctx))
        return int(super().convert(value, param, ctx))


class Real(click.FloatRange):
    """A finite number as people write it, perhaps within bounds."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """As click does, after a look at the digits."""
        _require_plain(value, partial(self.fail, param=param, ctx=ctx))
        return float(super().convert(value, param, ctx))


COUNT = Whole(1)
STORE = "results.sqlite"
_PICTURES = ("restored", "images")
"""Folders of a run that hold them."""
POSITIVE = Real(0, min_open=True)

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
workers = partial(click.option, "--workers", type=COUNT, default=cores)

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
    name_left_out(source)
    files = images_of(source)
    stems = Counter(path.stem for path in files)
    twice = next((stem for stem in stems if stems[stem] > 1), None)
    if twice is not None:
        raise InputError(
            f"{source} holds two files called {twice!r}: both would {fate} {twice}.png"
        )
    return files


def name_left_out(*paths: Path) -> None:
    """Says which files of these folders are left out."""
    for folder in filter(Path.is_dir, paths):
        for line in left_out(folder):
            output.warn(line)


def keep_inputs(inputs: Iterable[Path | None], outputs: Iterable[Path | None]) -> None:
    """Refuses an output that is an input or a picture of a run, before anything is written over.

    The file system is asked: a relative path, another case, a symbolic and a hard link all lead
    to one file there.

    Args:
        inputs: Files and folders that must stay as they are; of a run folder, its store.
        outputs: Files and folders that will be written; most are not there yet.

    Both may hold `None`, for an option that was not given.

    Raises:
        InputError: Names both.
    """
    files = [file for path in filter(None, inputs) for file in (path, path / STORE)]
    known = {_identity(path): path for path in files}
    known.pop(None, None)  # those that are not there
    for path in filter(None, outputs):
        if (same := known.get(_identity(path))) is not None:
            raise InputError(
                f"output {path} is the input {same}: it would be written over; give another output"
            )
        _keep_picture(path)


def _keep_picture(path: Path) -> None:
    """Refuses an output in place of a picture of a run, which its store has the hash of.

    A hard link to one is not found: every picture would have to be looked at.
    """
    place = path.resolve()
    for folder in place.parents if place.is_file() else ():
        if folder.name in _PICTURES and (folder.parent / STORE).is_file():
            run = folder.parent
            raise InputError(f"output {path} is a picture of the run {run}: give another output")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
