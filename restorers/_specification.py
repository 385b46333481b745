"""What a user may say after a path about the network in it: `-r weights.pth:range=255`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, TypedDict, TypeVar

from harness.errors import InputError
from harness.protocols import RestorerCard, Task

T = TypeVar("T")

RANGES = {
    "1": (0.0, 1.0), "0-1": (0.0, 1.0), "0..1": (0.0, 1.0),
    "255": (0.0, 255.0), "0-255": (0.0, 255.0), "0..255": (0.0, 255.0),
    "-1..1": (-1.0, 1.0), "-1-1": (-1.0, 1.0),
}  # fmt: skip
ORDERS: dict[str, Literal["rgb", "bgr"]] = {"rgb": "rgb", "bgr": "bgr"}
TASKS = {str(task): task for task in Task}


class Said(TypedDict, total=False):
    """What may be said of any network in a file; `specified` says what each means."""

    range: object
    order: object
    multiple: object
    minimum: object
    task: object
    output_range: object


WORDS = tuple(Said.__annotations__)


def specified(card: RestorerCard, said: Mapping[str, object]) -> RestorerCard:
    """Puts what the user said about a network on its card.

    Args:
        card: What the file says of itself.
        said: `range`: 1, 255 or -1..1. `output_range`: the same, of what comes out, where that is
            another. `order`: rgb or bgr. `multiple`, `minimum`: of height and
            width. `task`: what the network does, where the file cannot tell; it is then run on sets
            of that task only.

    Raises:
        InputError: A word that is not known, or a value that it cannot have.
    """
    for word in said:
        if word not in WORDS:
            raise InputError(
                f"{card.name} takes no {word!r}; it takes {', '.join(WORDS)} and what its adapter "
                "adds"
            )
    if "range" in said:
        card = replace(card, value_range=_choose("range", said["range"], RANGES))
    if "output_range" in said:
        card = replace(card, output_range=_choose("output_range", said["output_range"], RANGES))
    if "order" in said:
        card = replace(card, channel_order=_choose("order", said["order"], ORDERS))
    if "task" in said:
        card = replace(card, tasks=(_choose("task", said["task"], TASKS),))
    if "multiple" in said:
        card = replace(card, size_multiple=positive("multiple", said["multiple"]))
    if "minimum" in said:
        card = replace(card, size_minimum=positive("minimum", said["minimum"]))
    return card


def check_words(said: Mapping[str, object]) -> None:
    """Refuses values that `specified` would, where nothing is known of the network yet.

    Args:
        said: What the user said, words of adapters among it.

    Raises:
        InputError: A word cannot have its value.
    """
    words = {word: value for word, value in said.items() if word in WORDS}
    specified(RestorerCard("network"), words)
    for word in _COUNTS & said.keys():
        positive(word, said[word])


_COUNTS = frozenset({"scale", "channels"})
"""What adapters take besides, and can be no other than a whole number above 0."""


def positive(word: str, value: object) -> int:
    """Checks a whole number above 0.

    Raises:
        InputError: It is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InputError(f"{word} is {value!r}; expected a whole number above 0")
    return value


def _choose(word: str, value: object, known: Mapping[str, T]) -> T:
    key = f"{value:g}" if isinstance(value, float) else str(value).lower()
    if key not in known:
        raise InputError(f"{word} is {value!r}; expected one of {', '.join(known)}")
    return known[key]
