"""What commands print: one JSON document, or an aligned table."""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from typing import TYPE_CHECKING, TextIO
from unicodedata import combining, east_asian_width

import click

from harness.cards import plain_types
from harness.errors import as_utf8, plain

if TYPE_CHECKING:
    from harness.results import RunData

Row = Mapping[str, object]

# names and messages come from elsewhere: nothing in them may steer the terminal
printable = plain


def json_value(value: object) -> object:
    """Makes a value fit for strict JSON.

    Infinity becomes `"inf"`, NaN `null`, numpy's numbers Python's, text without UTF-8 is escaped.
    """
    if isinstance(value, str):
        return as_utf8(value)
    value = plain_types(value) if hasattr(value, "tolist") else value
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, Mapping):
        return {json_value(key): json_value(item) for key, item in value.items()}
    return [json_value(item) for item in value] if isinstance(value, list | tuple) else value


def json_document(kind: str, rows: Sequence[Row], **more: Sequence[object]) -> str:
    """One document with `schema`, `rows` and other lists by name, indented."""
    tables = {name: [json_value(row) for row in found] for name, found in more.items()}
    document = {"schema": f"restobench/{kind}/1", "rows": [json_value(row) for row in rows]}
    document |= tables
    text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
    # JSON's own escapes: only within strings is there anything like it
    text = _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text.replace("##[", r"#\u0023[")


# what JSON leaves as it is, and a terminal obeys
_STEERING = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def counted(number: int, word: str) -> str:
    """`1 job`, `2 jobs`."""
    return f"{number} {word}" + "s" * (number != 1)


@contextmanager
def documents_alone(*, for_good: bool) -> Iterator[None]:
    """Keeps standard output for JSON documents.

    Whatever else is printed goes to standard error: a plugin may print at import, when it is built
    or when it is asked; with `for_good`, also its threads and exit handlers, afterwards.
    """
    try:
        own = sys.stdout.fileno() == 1
    except OSError:  # it has been replaced, as in a test
        own = False
    with ExitStack() as stack:
        real = sys.stdout
        if own:  # code in C prints as well
            real.flush()
            real = os.fdopen(os.dup(1), "w", encoding="utf-8")
            os.dup2(2, 1)
            stack.callback(real.close)
            stack.callback(os.dup2, real.fileno(), 1)
        stack.callback(_documents.pop)
        _documents.append(real)
        stack.enter_context(redirect_stdout(sys.stderr))
        if for_good:
            stack.pop_all()
        yield


_documents: list[TextIO] = []


def descriptor() -> int:
    """The descriptor that documents are printed to."""
    return _documents[-1].fileno() if _documents else 1


def echo(text: object = "") -> None:
    """Prints lines for a reader; names and paths in them steer no terminal and no CI log."""
    for line in str(text).split("\n"):
        bare = line.lstrip(" ")
        click.echo(" " * (len(line) - len(bare)) + printable(bare))


def print_json(kind: str, rows: Sequence[Row], **more: Sequence[object]) -> None:
    """Prints the one JSON document of a command."""
    click.echo(json_document(kind, rows, **more), file=_documents[-1] if _documents else None)


def tell_left_out(what: str, metrics: Collection[str], *, quiet: bool = False) -> None:
    """Says which metrics of sets were not compared or kept, if there are any."""
    if metrics and not quiet:
        say(f"metrics of sets are not {what}: {', '.join(metrics)}")


def say(text: object) -> None:
    """Says on standard error, as one line that steers nothing."""
    click.echo(printable(text), err=True)


def warn(text: str) -> None:
    """Says on standard error what a reader of the output has to know."""
    say(f"warning: {text}")


def warn_of(data: RunData) -> int:
    """Says why a run's figures are not those of the whole run; the exit code of who shows them."""
    for why in data.incomplete():
        warn(why)
    return 3 if data.incomplete() else 0


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes: two for a Chinese letter, none for an accent."""
    return sum(2 if east_asian_width(letter) in "WF" else not combining(letter) for letter in text)


def ljust(text: str, columns: int) -> str:
    """A text with spaces behind it."""
    return text + " " * (columns - columns_of(text))


def rjust(text: str, columns: int) -> str:
    """A text with spaces before it."""
    return " " * (columns - columns_of(text)) + text


def print_table(rows: Sequence[Row], names: Sequence[str]) -> None:
    """Prints rows as a table: numbers to the right, columns without any value left out."""
    columns = []
    for name in names:
        values = [row.get(name) for row in rows]
        cells = [_cell(value) for value in values]
        if any(cells):
            width = max(map(columns_of, (name, *cells)))
            align = rjust if all(map(_is_number, values)) else ljust
            columns.append([align(cell, width) for cell in (name, *cells)])
    for place, line in enumerate(zip(*columns, strict=True)):
        text = "  ".join(line).rstrip()
        click.echo(text if place else click.style(text, bold=True))


def print_rows(kind: str, rows: Sequence[Row], as_json: bool, columns: Sequence[str]) -> None:
    """Prints rows as the JSON document that was asked for, or else as a table."""
    if as_json:
        print_json(kind, rows)
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
