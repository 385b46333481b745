"""Frozen dataclasses out of TOML that anybody may have written: every value is of its field's type.

A wrong one is one line: where, the value, what was expected.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from harness.errors import InputError

T = TypeVar("T")

_WORDS = {
    int: "a whole number", float: "a number", str: "text in quotes", bool: "true or false",
}  # fmt: skip


def record(cls: Callable[..., T], content: object, what: str, **fixed: object) -> T:
    """A dataclass out of a table.

    Args:
        cls: The class.
        content: The table.
        what: Its name, for errors: `[training]`.
        fixed: Fields that are known already.

    Raises:
        InputError: It is no table; a key is unknown or missing; a value is of another type.
    """
    if not isinstance(content, Mapping):
        raise InputError(f"{what} is {content!r:.60}; expected a table")
    hints: dict[str, Any] = get_type_hints(cls)
    for key in content:
        if key not in hints or key in fixed:
            known = ", ".join(name for name in hints if name not in fixed)
            raise InputError(f"{what} has an unknown key {key!r}; it knows {known}")
    for field in fields(cls):  # type: ignore[arg-type]
        needed = field.default is MISSING and field.default_factory is MISSING
        if needed and field.name not in content and field.name not in fixed:
            raise InputError(f"{what} lacks {field.name}")
    values = {key: _value(hints[key], value, f"{what} {key}") for key, value in content.items()}
    return cls(**values, **fixed)


def _value(kind: Any, value: object, where: str) -> object:
    """The value as its field has it.

    Raises:
        InputError: It is of another type.
    """
    if get_origin(kind) is tuple:
        each = get_args(kind)[0]
        if not isinstance(value, list | tuple):
            raise InputError(f"{where} = {value!r:.60}; expected a list, each {_WORDS[each]}")
        return tuple(_value(each, item, f"{where}: an item") for item in value)
    right = isinstance(value, int | float if kind is float else kind)
    if not right or isinstance(value, bool) is not (kind is bool):
        raise InputError(f"{where} = {value!r:.60}; expected {_WORDS[kind]}")
    return value


def require(what: str, values: object, least: Mapping[str, float]) -> None:
    """Refuses fields that are below what makes sense.

    Args:
        what: The table, for errors.
        values: A dataclass.
        least: The least value of some of its fields.

    Raises:
        InputError: One is below it.
    """
    for name, bound in least.items():
        if (value := getattr(values, name)) < bound:
            raise InputError(f"{what} {name} = {value:g}; expected at least {bound:g}")
