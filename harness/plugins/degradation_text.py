"""Degradations as a user writes them.

`gaussian-noise:sigma_255=25`, a chain joined by `+`, a set, or a TOML file.
"""

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.chain import Chain
from harness.errors import InputError
from harness.formats import read_toml
from harness.plugins.kinds import benchmark_loaders, degradations, sets
from harness.plugins.registry import require_usable
from harness.plugins.specification import split_parameters
from harness.protocols import Degradation, DegradedSet

DEFAULT_NAME = "degraded"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is done to images, and what its randomness depends on.

    Attributes:
        chain: The degradations.
        name: Of the set.
        seed: The recipe's own; the command line may give another.
    """

    chain: Chain
    name: str = DEFAULT_NAME
    seed: int = 0


def build_degradation(name: str, parameters: Mapping[str, object]) -> Degradation:
    """Makes a degradation.

    Raises:
        UnknownNameError: Nobody registers the name.
        InputError: A parameter that it does not take, that is missing, or whose value is wrong.
        UnavailableError: It is not usable here.
    """
    cls = degradations.get(name)
    require_usable(f"degradation {name}", cls)
    signature = inspect.signature(cls)
    try:
        signature.bind(**parameters)
    except TypeError as error:
        expected = ", ".join(signature.parameters) or "none"
        raise InputError(f"{name}: {error}; its parameters: {expected}") from None
    return cls(**parameters)


def parse_recipe(text: str, set_name: str | None = None) -> Recipe:
    """Reads a recipe.

    Args:
        text: `NAME:key=value,key=value`, several of these joined by `+`, the name of a set that is
            made of references, or a TOML file: a benchmark's, or one with a list `degradations` and
            perhaps `name` and `seed`.
        set_name: Which of the sets of a benchmark's file.

    Raises:
        InputError: It is none of these.
    """
    if text.lower().endswith(".toml"):
        return _from_file(Path(text), set_name)
    if "+" not in text and ":" not in text and text not in degradations and text in sets:
        return _from_set(sets.get(text)())
    steps = []
    for part in re.split(r"\+(?=[A-Za-z])", text):  # a plus before a digit belongs to a number
        name, parameters = split_parameters(part.strip())
        if ":" in name:
            raise InputError(f"{part.strip()!r}: write parameters as NAME:key=value,key=value")
        steps.append(build_degradation(name, dict(parameters)))
    return Recipe(Chain(tuple(steps)))


def _from_file(path: Path, set_name: str | None) -> Recipe:
    content = read_toml(path, "recipe")
    if "sets" in content:
        return _from_benchmark(path, set_name)
    unknown = content.keys() - {"name", "seed", "degradations"}
    name, seed = content.get("name", path.stem), content.get("seed", 0)
    if unknown or not isinstance(name, str) or not isinstance(seed, int):
        raise InputError(
            f"recipe {path}: expected a list degradations, a text name and a whole number seed, "
            "no other key"
        )
    return Recipe(_chain(content.get("degradations"), str(path)), name, seed)


def _from_benchmark(path: Path, set_name: str | None) -> Recipe:
    members = {item.name: item for item in benchmark_loaders.get(".toml")(path).sets}
    if set_name is None and len(members) != 1:
        raise InputError(
            f"{path} has {len(members)} sets; choose one with --set: {', '.join(members)}"
        )
    if set_name is not None and set_name not in members:
        raise InputError(f"{path} has no set {set_name!r}; its sets: {', '.join(members)}")
    return _from_set(members[set_name] if set_name is not None else next(iter(members.values())))


def _from_set(degraded_set: DegradedSet) -> Recipe:
    described = degraded_set.describe()
    if "degradations" not in described:
        raise InputError(
            f"set {degraded_set.name} was degraded by others: there is no recipe that could be "
            "applied"
        )
    chain, seed = _chain(described["degradations"], degraded_set.name), described.get("seed")
    return Recipe(chain, degraded_set.name, seed if isinstance(seed, int) else 0)


def _chain(items: object, where: str) -> Chain:
    if not isinstance(items, Sequence) or isinstance(items, str) or not items:
        raise InputError(
            f'{where}: degradations is {items!r}; expected [{{name = "jpeg", quality = 20}}]'
        )
    steps = []
    for item in items:
        if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
            raise InputError(
                f'{where}: degradations holds {item!r}; expected {{name = "jpeg", quality = 20}}'
            )
        steps.append(
            build_degradation(
                item["name"], {key: value for key, value in item.items() if key != "name"}
            )
        )
    return Chain(tuple(steps))
