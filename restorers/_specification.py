"""What a user may say after a path about the network in it: `-r weights.pth:range=255,order=bgr`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from harness.errors import InputError
from harness.protocols import RestorerCard, Task

RANGES = {
    "1": (0.0, 1.0), "0-1": (0.0, 1.0), "0..1": (0.0, 1.0),
    "255": (0.0, 255.0), "0-255": (0.0, 255.0), "0..255": (0.0, 255.0),
    "-1..1": (-1.0, 1.0), "-1-1": (-1.0, 1.0),
}  # fmt: skip

WORDS = ("range", "order", "multiple", "minimum", "task")


def specified(card: RestorerCard, **said: Any) -> RestorerCard:
    """Puts what the user said about a network on its card.

    Args:
        card: What the file says of itself.
        said: `range`: 1, 255 or -1..1. `order`: rgb or bgr. `multiple`, `minimum`: of height and
            width. `task`: what the network does, where the file cannot tell; it is then run on sets
            of that task only.

    Raises:
        InputError: A word that is not known, or a value that it cannot have.
    """
    unknown = [word for word in said if word not in WORDS]
    if unknown:
        raise InputError(
            f"{card.name} takes no {unknown[0]!r}; it takes {', '.join(WORDS)} and what its "
            "adapter adds"
        )
    changes: dict[str, Any] = {}
    if "range" in said:
        changes["value_range"] = _choose("range", said["range"], RANGES)
    if "order" in said:
        changes["channel_order"] = _choose("order", said["order"], {"rgb": "rgb", "bgr": "bgr"})
    if "task" in said:
        changes["tasks"] = (_choose("task", said["task"], {str(task): task for task in Task}),)
    for word, field in (("multiple", "size_multiple"), ("minimum", "size_minimum")):
        if word in said:
            changes[field] = positive(word, said[word])
    return replace(card, **changes)


def positive(word: str, value: Any) -> int:
    """Checks a whole number above 0.

    Raises:
        InputError: It is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InputError(f"{word} is {value!r}; expected a whole number above 0")
    return value


def _choose(word: str, value: Any, known: dict[str, Any]) -> Any:
    key = f"{value:g}" if isinstance(value, float) else str(value).lower()
    if key not in known:
        raise InputError(f"{word} is {value!r}; expected one of {', '.join(known)}")
    return known[key]
