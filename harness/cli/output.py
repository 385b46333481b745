"""What commands print: one JSON document, or an aligned table; and a bar while images go by."""

import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import click

T = TypeVar("T")
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


def with_progress(items: Sequence[T], *, quiet: bool) -> Iterable[T]:
    """Goes through what stands for an image each, behind a bar where a terminal can show it."""
    from tqdm import tqdm

    return tqdm(items, unit="image", dynamic_ncols=True, disable=quiet or not sys.stderr.isatty())
