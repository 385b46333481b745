"""What callers say: names, numbers and paths; and folders for what they name none for."""

from __future__ import annotations

import errno
import math
import operator
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

from harness.cards import plain_number
from harness.errors import InputError, plain


def require_words(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuses a keyword that means nothing, as Python does.

    Raises:
        TypeError: Names it, and those that are known.
    """
    if unknown := sorted({*given} - {*known}):
        raise TypeError(
            f"no keyword {', '.join(unknown)}; further ones: {', '.join(sorted(known))}"
        )


def several(names: object, what: str) -> tuple[str, ...]:
    """Names; a single one need not be in a list.

    Raises:
        InputError: They are something else.
    """
    if isinstance(names, str):
        return (names,)
    found = tuple(names) if isinstance(names, Iterable) and not isinstance(names, Mapping) else None
    if found is None or not all(isinstance(name, str) for name in found):
        raise InputError(f"{what} is {names!r:.60}; expected a name, or a list of names")
    return found


def some(names: object, what: str) -> tuple[str, ...]:
    """As `several`, and at least one.

    Raises:
        InputError: They are something else.
    """
    if not (found := several(names, what)):
        raise InputError(f"{what} is empty; expected a name, or a list of names")
    return found


def whole(number: object) -> object:
    """A whole number of whatever library as Python's; what is none stays, for who checks it."""
    if isinstance(number, bool) or not hasattr(number, "__index__"):
        return number
    try:
        return operator.index(number)
    except TypeError:  # an array of several
        return number


def from_0(number: object, what: str) -> int:
    """A whole number from 0 on, of whatever library.

    Raises:
        InputError: It is none.
    """
    found = whole(number)
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise InputError(f"{what} is {number!r:.60}; expected a whole number from 0")
    return found


def require_number(number: object, what: str) -> None:
    """Refuses what is no finite number above 0.

    Raises:
        InputError: Names it.
    """
    if isinstance(number, bool) or not (isinstance(number, int | float) and 0 < number < math.inf):
        raise InputError(f"{what} is {number!r:.60}; expected a number above 0")


def path_of(said: object, what: str) -> Path:
    """A path that a caller has named, which may or may not be there.

    Args:
        said: Text, or anything with a path.
        what: What it is called.

    Raises:
        InputError: It is no path, or one that no file can have.
    """
    if not isinstance(said, str | os.PathLike):
        raise InputError(f"{what} is {said!r:.60}; expected a path")
    text = os.fspath(said)
    if not isinstance(text, str) or not text:
        raise InputError(f"{what} is {said!r:.60}; expected a path")
    try:
        os.lstat(text)
    except (UnicodeError, ValueError) as error:
        why = "it is no UTF-8" if isinstance(error, UnicodeError) else error
        raise InputError(f"{what} {plain(ascii(said))} is no path: {why}") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(f"{what} {text:.60}... is no path: {error.strerror}") from None
    return Path(text)


def is_folder(said: str | os.PathLike[str]) -> bool:
    """Whether it is a folder; of what can be no path, it is none."""
    try:
        return Path(said).is_dir()
    except (OSError, ValueError):
        return False


def temporary_folder(prefix: str) -> Path:
    """A new folder of our own among the temporary ones.

    Raises:
        InputError: None can be made.
    """
    try:
        return Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    except OSError as error:
        raise InputError(
            f"the temporary folder cannot be written: {error.strerror or error}; TMPDIR names "
            "another one"
        ) from error


MOST_DIGITS = 6


class Told(TypedDict, total=False):
    """What a report says, and how."""

    title: str
    notes: str
    policy: str
    digits: int | None
    overall: bool


class Shown(Told, total=False):
    """What a report is told to show."""

    intervals: bool | None
    columns: tuple[str, ...]
    progress: Callable[[int, int], None] | None


def require_shown(shown: Shown) -> Shown:
    """What a report is told; a single column need not be in a list.

    Raises:
        TypeError: A keyword that means nothing.
        InputError: A value that cannot be.
    """
    require_words(shown, Shown.__optional_keys__)
    if "columns" in shown:
        shown["columns"] = several(shown["columns"], "columns")
    digits = shown.get("digits")
    if digits is not None and from_0(digits, "digits") > MOST_DIGITS:
        raise InputError(f"digits is {digits}; expected at most {MOST_DIGITS}")
    for name in ("title", "notes"):
        if not isinstance(text := shown.get(name, ""), str):
            raise InputError(f"{name} is {text!r:.60}; expected text")
    return shown


def as_range(said: object) -> object:
    """Black and white as a pair; what a specification says, `255` or `-1..1`, does as well."""
    if isinstance(said, int | float) and not isinstance(said, bool):
        return 0.0, float(said)
    if isinstance(said, str):
        low, _, high = said.rpartition("..")
        with suppress(ValueError):
            return plain_number(low or "0"), plain_number(high)
    # an array has no truth value of its own, by which ranges are compared
    return tuple(said) if isinstance(said, Iterable) and not isinstance(said, str) else said
