"""The arguments that a network's class was called with, found by the shapes of its weights."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from restorers._checkpoint import State, Weights
from restorers._network_file import one_line

_COMMON = (1, 2, 3, 4, 6, 8, 16, 32, 48, 64)
"""Numbers of blocks, factors and widths that are tried besides those that the shapes have."""

_DEPTHS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 18, 24, 36)
"""Numbers that are tried in lists, as of blocks in each stage."""

_LONGEST = 12
_ROUNDS = 4
_LARGEST = 512


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call of a class.

    Attributes:
        cls: Its name.
        arguments: What it is called with.
        shapes: Those of its weights, by name; none where the call raises.
        weights: Those that fit best.
        differences: Names that are in one of the two alone or have another shape there; a call that
            raises has as many as there are.
        error: What the call raised.
    """

    cls: str
    arguments: Mapping[str, object]
    shapes: Mapping[str, Sequence[int]]
    weights: Weights
    differences: int
    error: str = ""


def search(cls: Any, weights: Sequence[Weights]) -> Attempt:
    """Changes one argument at a time while that brings a network nearer to its weights.

    Whole numbers, switches and lists of numbers are tried: the sizes that the weights have, and
    common ones.

    Args:
        cls: A `torch.nn.Module`; it is built without memory for its weights.
        weights: What the file may hold, at least one.
    """
    parameters = list(inspect.signature(cls).parameters.values())
    needed = {item.name: 3 for item in parameters if item.default is item.empty and _named(item)}
    sizes = sorted(
        {size for item in weights for value in item.state.values() for size in value.shape}
    )
    numbers = [*_COMMON, *(size for size in sizes if size <= _LARGEST and size not in _COMMON)]
    known = {item.name: item.default for item in parameters if _named(item)}
    found = _Nearest(known, numbers, _attempt(cls, needed, weights))
    for _ in range(_ROUNDS):
        start = found.best.differences
        for name in known:
            for change in found.changes(name):
                tried = _attempt(cls, {**found.best.arguments, **change}, weights)
                if tried.differences < found.best.differences:
                    found.best = tried
        if found.best.differences in (0, start):
            break
    return _without_defaults(found.best, parameters)


def _named(item: inspect.Parameter) -> bool:
    return item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)


@dataclass(slots=True)
class _Nearest:
    """The best call so far, and what may be changed in it."""

    defaults: Mapping[str, object]
    numbers: Sequence[int]
    best: Attempt

    def changes(self, name: str) -> Iterator[Mapping[str, object]]:
        """Other values of an argument, each as a change of the best call at that time."""
        said = self._said(name)
        if isinstance(said, bool):
            yield {name: not said}
        elif isinstance(said, int):
            yield from ({name: number} for number in self.numbers)
        elif _is_list(said):
            yield from self._lists(name)

    def _lists(self, name: str) -> Iterator[Mapping[str, object]]:
        """Lists of other lengths, alone and with those that go beside them; then other numbers."""
        for length in range(1, _LONGEST + 1):
            items = self._list(name)
            beside = [key for key in self.defaults if len(self._list(key)) == len(items)]
            for keys in ([name], beside):
                yield {key: _of_length(self._list(key), length) for key in keys}
        for number in _DEPTHS:
            yield {name: [number] * len(self._list(name))}
        for place in range(_LONGEST):
            for number in _DEPTHS:
                items = self._list(name)
                if place < len(items):
                    yield {name: [*items[:place], number, *items[place + 1 :]]}

    def _said(self, name: str) -> object:
        return self.best.arguments.get(name, self.defaults[name])

    def _list(self, name: str) -> list[int]:
        said = self._said(name)
        return list(said) if isinstance(said, list | tuple) and _is_list(said) else []


def _is_list(value: object) -> bool:
    if not isinstance(value, list | tuple) or not value:
        return False
    return all(isinstance(item, int) and not isinstance(item, bool) for item in value)


def _of_length(items: Sequence[int], length: int) -> list[int]:
    return [*items[:length], *[items[-1]] * (length - len(items))]


def _attempt(cls: Any, arguments: Mapping[str, object], weights: Sequence[Weights]) -> Attempt:
    import torch

    shapes, error = {}, ""
    try:
        with torch.device("meta"):
            shapes = {
                key: tuple(value.shape) for key, value in cls(**arguments).state_dict().items()
            }
    except Exception as raised:  # widths that do not go together, and the like
        error = one_line(raised)
    differences = [_count(shapes, item.state) for item in weights]
    least = min(differences)
    best = weights[differences.index(least)]
    return Attempt(cls.__name__, arguments, shapes, best, least, error)


def _count(shapes: Mapping[str, tuple[int, ...]], state: State) -> int:
    both = shapes.keys() & state.keys()
    other = len(shapes.keys() ^ state.keys())
    return other + sum(shapes[key] != tuple(state[key].shape) for key in both)


def _without_defaults(best: Attempt, parameters: Sequence[inspect.Parameter]) -> Attempt:
    defaults = {item.name: item.default for item in parameters}
    said = {
        key: value
        for key, value in best.arguments.items()
        if value != defaults[key] and value != _as_list(defaults[key])
    }
    return replace(best, arguments=said)


def _as_list(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
