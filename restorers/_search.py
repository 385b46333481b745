"""The arguments that a network's class was called with, found by the shapes of its weights."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from restorers._checkpoint import State, Weights
from restorers._network_file import one_line

_COMMON = (1, 2, 3, 4, 6, 8, 16, 32, 48, 64)
"""Numbers of blocks, factors and widths that are tried besides those that the shapes have."""

_ROUNDS = 4
_LARGEST = 512


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call of a class.

    Attributes:
        cls: Its name.
        arguments: What it is called with.
        shapes: Those of its weights, by name; none where the call raises.
        state: The weights that fit best.
        differences: Names that are in one of the two alone or have another shape there; a call that
            raises has as many as there are.
        error: What the call raised.
    """

    cls: str
    arguments: Mapping[str, object]
    shapes: Mapping[str, Sequence[int]]
    state: State
    differences: int
    error: str = ""


def search(cls: Any, weights: Sequence[Weights]) -> Attempt:
    """Changes one argument at a time while that brings a network nearer to its weights.

    Whole numbers and switches are tried: the sizes that the weights have, and common ones.

    Args:
        cls: A `torch.nn.Module`; it is built without memory for its weights.
        weights: What the file may hold, at least one.
    """
    states = [item.state for item in weights]
    parameters = list(inspect.signature(cls).parameters.values())
    needed = {item.name: 3 for item in parameters if item.default is item.empty and _named(item)}
    best = _attempt(cls, needed, states)
    sizes = sorted({size for state in states for value in state.values() for size in value.shape})
    numbers = [*_COMMON, *(size for size in sizes if size <= _LARGEST and size not in _COMMON)]
    for _ in range(_ROUNDS):
        start = best
        for name, values in _tried(parameters, best, numbers):
            for value in values:
                found = _attempt(cls, {**best.arguments, name: value}, states)
                best = found if found.differences < best.differences else best
        if best.differences in (0, start.differences):
            break
    return _without_defaults(best, parameters)


def _named(item: inspect.Parameter) -> bool:
    return item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)


def _tried(
    parameters: Sequence[inspect.Parameter], best: Attempt, numbers: Sequence[int]
) -> Iterator[tuple[str, Sequence[object]]]:
    for item in parameters:
        default = best.arguments.get(item.name, item.default)
        if _named(item) and isinstance(default, bool):
            yield item.name, (not default,)
        elif _named(item) and isinstance(default, int):
            yield item.name, numbers


def _attempt(cls: Any, arguments: Mapping[str, object], states: Sequence[State]) -> Attempt:
    import torch

    shapes, error = {}, ""
    try:
        with torch.device("meta"):
            shapes = {
                key: tuple(value.shape) for key, value in cls(**arguments).state_dict().items()
            }
    except Exception as raised:  # widths that do not go together, and the like
        error = one_line(raised)
    differences = [_count(shapes, state) for state in states]
    least = min(differences)
    state = states[differences.index(least)]
    return Attempt(cls.__name__, arguments, shapes, state, least, error)


def _count(shapes: Mapping[str, tuple[int, ...]], state: State) -> int:
    both = shapes.keys() & state.keys()
    other = len(shapes.keys() ^ state.keys())
    return other + sum(shapes[key] != tuple(state[key].shape) for key in both)


def _without_defaults(best: Attempt, parameters: Sequence[inspect.Parameter]) -> Attempt:
    defaults = {item.name: item.default for item in parameters}
    said = {key: value for key, value in best.arguments.items() if value != defaults[key]}
    return replace(best, arguments=said)
