"""MOS folders: images that people have scored."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError


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
        InputError: No labels, a column or file is missing, a score is no number, or a name leaves
            the folder.
    """
    path = folder / "labels.csv"
    if not path.is_file():
        raise InputError(f"{folder} holds no labels.csv with the columns image,mos")
    root = folder / "images" if (folder / "images").is_dir() else folder
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if not rows or not {"image", "mos"} <= rows[0].keys():
        raise InputError(
            f"{path} has the columns {list(rows[0]) if rows else []}; expected image and mos"
        )
    try:
        return [_labelled(row, root) for row in rows]
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: a mos is no number: {error}") from None
    except FileNotFoundError as error:
        raise InputError(f"{path} names {error}, which is not in {root}") from None


def _labelled(row: Mapping[str, str], root: Path) -> LabelledImage:
    mos = float(row["mos"])
    if mos != mos:
        raise ValueError("nan")
    reference = _inside(root, row["reference"]) if row.get("reference") else None
    return LabelledImage(_inside(root, row["image"]), mos, row.get("group") or "", reference)


def _inside(root: Path, name: str) -> Path:
    """The file of this name, if it lies in the folder."""
    path = root / name
    if not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
        raise FileNotFoundError(name)
    return path
