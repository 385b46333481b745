"""What commands print: one JSON document, or an aligned table; and how far they are."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Never, Self

import click

if TYPE_CHECKING:
    from tqdm import tqdm

Row = Mapping[str, object]


def json_value(value: object) -> object:
    """Makes a value fit for strict JSON.

    Infinity becomes `"inf"`, NaN `null`, bytes of names that are no text `?`.
    """
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, Mapping):
        return {json_value(key): json_value(item) for key, item in value.items()}
    return [json_value(item) for item in value] if isinstance(value, list | tuple) else value


def json_document(kind: str, rows: Sequence[Row]) -> str:
    """One document with `schema` and `rows`, indented."""
    document = {"schema": f"restobench/{kind}/1", "rows": [json_value(row) for row in rows]}
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)


def warn(text: str) -> None:
    """Says on standard error what a reader of the output has to know."""
    click.echo(f"warning: {text}", err=True)


def print_table(rows: Sequence[Row], names: Sequence[str]) -> None:
    """Prints rows as a table: numbers to the right, columns without any value left out."""
    columns = []
    for name in names:
        values = [row.get(name) for row in rows]
        cells = [_cell(value) for value in values]
        if any(cells):
            width = max(map(len, (name, *cells)))
            align = str.rjust if all(map(_is_number, values)) else str.ljust
            columns.append([align(cell, width) for cell in (name, *cells)])
    for place, line in enumerate(zip(*columns, strict=True)):
        text = "  ".join(line).rstrip()
        click.echo(text if place else click.style(text, bold=True))


def print_rows(kind: str, rows: Sequence[Row], as_json: bool, columns: Sequence[str]) -> None:
    """Prints rows as the JSON document that was asked for, or else as a table."""
    if as_json:
        click.echo(json_document(kind, rows))
    else:
        print_table(rows, columns)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(printable, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else printable(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | None) and not isinstance(value, bool)


def printable(name: object) -> str:
    """A name as text; it comes from elsewhere, and nothing in it may steer the terminal."""
    return "".join(character if character.isprintable() else "?" for character in str(name))


class ImageProgress:
    """Tells how far a command is, on standard error: a bar on a terminal, plain lines otherwise.

    Args:
        quiet: Say nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._done = self._total = self._first = 0
        self._bar: tqdm[Never] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def start(self, total: int, done: int) -> None:
        """Begins to count where `done` images of `total` need nothing."""
        self._total, self._done, self._first = total, done, done
        if not self._quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, initial=done, unit="image", dynamic_ncols=True)

    def note(self, text: str) -> None:
        """Says something between the images."""
        if self._bar is not None:
            self._bar.write(text, file=sys.stderr)
        elif not self._quiet:
            click.echo(text, err=True)

    def advance(self, name: str) -> None:
        """Counts one image."""
        self._done += 1
        if self._bar is not None:
            self._bar.update()
            return
        # a log has about twenty lines, of a run of any size
        step = max(1, (self._total - self._first) // 20)
        due = self._done == self._total or (self._done - self._first) % step == 0
        if due and not self._quiet:
            click.echo(f"[{self._done}/{self._total}] {printable(name)}", err=True)
