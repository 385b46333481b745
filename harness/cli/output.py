"""What commands print: one JSON document, or an aligned table."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import click

SCHEMA_MAJOR = 1


def json_value(value: Any) -> Any:
    """Makes a value fit for strict JSON: infinity becomes `"inf"`, NaN `null`, bytes of names that are no text `?`."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
    if isinstance(value, Mapping):
        return {json_value(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    return value


def json_document(kind: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """One document with `schema` and `rows`, indented."""
    document = {
        "schema": f"restobench/{kind}/{SCHEMA_MAJOR}",
        "rows": [json_value(row) for row in rows],
    }
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)


def print_json(kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints rows as one JSON document on standard output."""
    click.echo(json_document(kind, rows))


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Prints rows as a table: numbers to the right, columns without any value left out."""
    shown = [name for name in columns if any(_cell(row.get(name)) for row in rows)]
    if not shown:
        return
    cells = [[_cell(row.get(name)) for name in shown] for row in rows]
    numeric = [all(isinstance(row.get(name), int | float | None) for row in rows) for name in shown]
    widths = [max(len(name), *(len(line[i]) for line in cells)) for i, name in enumerate(shown)]
    click.secho(_line(shown, widths, numeric), bold=True)
    for line in cells:
        click.echo(_line(line, widths, numeric))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    # names come from elsewhere: nothing in them may steer the terminal
    return "".join(character if character.isprintable() else "?" for character in text)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (
        cell.rjust(w) if r else cell.ljust(w)
        for cell, w, r in zip(cells, widths, right, strict=True)
    )
    return "  ".join(padded).rstrip()
