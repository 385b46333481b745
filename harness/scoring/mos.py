"""MOS folders: images that people have scored."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.cards import plain_number
from harness.errors import InputError
from harness.formats import read_text


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """One image with its mean opinion score.

    Attributes:
        path: The file.
        mos: Higher is better; the scorer's training expects 0-100.
        group: What it belongs together with, such as the versions of one scene; empty: nothing.
        reference: The undistorted image, where there is one.
    """

    path: Path
    mos: float
    group: str = ""
    reference: Path | None = None


def read_labels(folder: Path) -> list[LabelledImage]:
    """Reads a MOS folder: `labels.csv` with the columns image and mos, and the images.

    They are in the folder or in `images/` below it. Optional columns: `group`, and `reference`, a
    file in the same folder.

    Raises:
        InputError: No labels, a column or file is missing, a score is no finite number, an image
            has two of them, or a name leaves the folder.
    """
    path = folder / "labels.csv"
    if not path.is_file():
        raise InputError(f"{folder} holds no labels.csv with the columns image,mos")
    root = folder / "images" if (folder / "images").is_dir() else folder
    text = read_text(path, "list of scores")
    rows = table_rows(text, path, ("image", "mos"))
    try:
        labelled = [_labelled(row, root) for row in rows]
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    except FileNotFoundError as error:
        raise InputError(f"{path} names {error}, which is not in {root}") from None
    seen: dict[Path, LabelledImage] = {}
    for item in labelled:
        before = seen.setdefault(item.path.resolve(), item)
        if before is not item:
            raise InputError(
                f"{path} has two scores for {item.path.name}: {before.mos:g} and {item.mos:g}; "
                "leave one, or write their mean"
            )
    return labelled


def table_rows(text: str, path: Path, needed: Sequence[str]) -> list[dict[str, str | None]]:
    """The rows of a table, none of which has more fields than there are columns.

    Args:
        text: The table.
        path: Where it is from.
        needed: Columns that it must have.

    Raises:
        InputError: It is no such table, or has no rows.
    """
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        rows, columns = list(reader), list(reader.fieldnames or ())
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as comma-separated values: {error}") from None
    if not set(needed) <= set(columns):
        raise InputError(
            f"{path} has the columns {columns}; expected {', '.join(needed[:-1])} and {needed[-1]}"
        )
    if twice := [name for name in columns if columns.count(name) > 1]:
        raise InputError(f"{path} has the column {twice[0]!r} twice; leave one")
    if not rows:
        raise InputError(f"{path} has no rows below its columns")
    for line, row in enumerate(rows, 2):
        if (more := row.pop(None, None)) is not None:  # csv puts them there
            fields = len(columns) + len(more)
            raise InputError(
                f"{path}: row {line} ({row[needed[0]]}) has {fields} fields for {len(columns)} "
                "columns; numbers have a decimal point, and a name with a comma stands in quotes"
            )
    return rows


def _labelled(row: Mapping[str, str | None], root: Path) -> LabelledImage:
    name, said = row["image"] or "", row["mos"] or ""
    try:
        mos = plain_number(said)
    except ValueError:
        raise ValueError(f"mos of {name!r} is {said!r}; expected a finite number") from None
    given = row.get("reference")
    reference = inside(root, given) if given else None
    return LabelledImage(inside(root, name), mos, row.get("group") or "", reference)


def inside(root: Path, name: str) -> Path:
    """The file of this name, if it lies in the folder.

    Raises:
        FileNotFoundError: It does not.
    """
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
        raise FileNotFoundError(name)
    return path
