"""A TOML file whose mistakes are named with their line and key."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import InputError
from harness.formats import parse_toml, read_text

T = TypeVar("T")
Word = TypeVar("Word", bound=str)
Key = str | int
"""A key of a table, or a place in an array."""


class Table:
    """One table of a TOML file, which knows where it stands.

    Args:
        path: The file.
        text: Its content.
        content: The table.
        where: Keys and places that lead to the table from the top.
    """

    def __init__(
        self, path: Path, text: str, content: dict[str, Any], where: tuple[Key, ...] = ()
    ) -> None:
        self.path, self.text, self.content, self.where = path, text, content, where

    def __contains__(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self.content

    def error(self, key: str, problem: str, *more: Key) -> InputError:
        """An error at a key, or at what `more` leads to from there.

        It names the file, the line, the key and what is wrong.
        """
        line = find_line(self.text, (*self.where, key, *more))
        at = f", line {line}" if line else ""
        return InputError(f"{self.path}{at}: {key}: {problem}")

    def check_keys(self, allowed: Iterable[str], what: str) -> None:
        """Refuses a key that means nothing, with a near one that does."""
        for key in self.content:
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, n=1)
                expected = f"expected one of {', '.join(sorted(allowed))}"
                hint = f"did you mean {near[0]}?" if near else expected
                raise self.error(key, f"is no key of {what}; {hint}")

    def get(self, key: str, kind: type[T] | tuple[type[T], ...], default: T | None = None) -> T:
        """A value of the right type, or the default; a key without default is required."""
        kinds = kind if isinstance(kind, tuple) else (kind,)
        value = self.content.get(key, default)
        if value is None:
            raise self.error(key, "is missing")
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            names = " or ".join(item.__name__ for item in kinds)
            raise self.error(key, f"is {value!r}; expected {names}")
        return value

    def choose(self, key: str, choices: Sequence[Word], default: Word | None = None) -> Word:
        """One of several words."""
        value = self.get(key, str, default)
        for choice in choices:
            if value == choice:
                return choice
        raise self.error(key, f"is {value!r}; expected one of {', '.join(choices)}")

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names, or one name; empty when the key is not there."""
        value = self.get(key, (list, str), [])
        values = value if isinstance(value, list) else [value]
        for place, item in enumerate(values):
            if not isinstance(item, str):
                raise self.error(key, f"holds {item!r}; expected names", place)
        return tuple(values)

    def table(self, key: str) -> Table:
        """A table within this one; empty when the key is not there."""
        return Table(self.path, self.text, self.get(key, dict, {}), (*self.where, key))

    def tables(self, key: str) -> Iterator[Table]:
        """The tables of an array."""
        for place, item in enumerate(self.get(key, list)):
            if not isinstance(item, dict):
                raise self.error(key, f"holds {item!r}; expected tables", place)
            yield Table(self.path, self.text, item, (*self.where, key, place))


def read_toml(path: Path) -> Table:
    """Reads a file.

    Raises:
        InputError: It does not exist, or is no TOML; the message has the line.
    """
    text = read_text(path, "benchmark file")
    return Table(path, text, parse_toml(text, f"benchmark file {path}"))


def find_line(text: str, where: tuple[Key, ...]) -> int | None:
    """Finds the line, from 1, that a key or table is written in.

    When it is not there, it is that of the nearest table, or `None`.

    tomllib gives no lines, so it is asked: the key stands in the first statement after which the
    beginning of the file has it. In a statement of several lines, it is the line of the key's name.
    """
    lines = text.splitlines()
    for depth in range(len(where), 0, -1):
        start = 0
        for end in range(1, len(lines) + 1):
            try:
                content = tomllib.loads("\n".join(lines[:end]))
            except tomllib.TOMLDecodeError:  # within a statement of several lines
                continue
            if _holds(content, where[:depth]):
                return start + 1 + _line_within(lines[start:end], where[:depth])
            start = end
    return None


def _holds(content: Any, where: tuple[Key, ...]) -> bool:
    for key in where:
        try:
            content = content[key]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _line_within(statement: list[str], where: tuple[Key, ...]) -> int:
    """The line of a statement, from 0, that names the last key of a path.

    Where several name it, it is the one at the array's place that the path leads to.
    """
    name = next(key for key in reversed(where) if isinstance(key, str))
    place = next((key for key in reversed(where) if isinstance(key, int)), 0)
    named = re.compile(rf"(^|[\s{{\[.,])[\"']?{re.escape(name)}[\"']?\s*(=|\])")
    mentions = [number for number, line in enumerate(statement) if named.search(line)]
    return mentions[min(place, len(mentions) - 1)] if mentions else 0
