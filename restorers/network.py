"""Anybody's network, from its source and its weights: `-r network:net.py:Net:weights=net.pth`."""

import ast
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.cards import plain_number
from harness.errors import InputError
from harness.protocols import RestorerCard
from restorers._arrays import Image
from restorers._checkpoint import State, Weights, candidates, fit, read_weights
from restorers._network_file import MeasuredNetwork, hash_file, one_line, require_file
from restorers._search import search
from restorers._skeleton import complete, skeleton
from restorers._specification import WORDS, check_words
from restorers._their_modules import TheirModules
from restorers._torch import Module, TakesBatches, count_parameters, run_network

_SHOWN = 3
_SEARCH = "restobench wrap WEIGHTS SOURCE looks for them"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """How a network may be named after `-r`.

    Attributes:
        text: The specification.
        skeleton: A class that runs it, as `restorers._skeleton` begins it.
        note: What was taken off to find the weights.
        wrong: Why it does not load; empty: it does.
    """

    text: str
    skeleton: str
    note: str
    wrong: str = ""

    def complete(self, card: RestorerCard | None) -> str:
        """The class with what is on a card; `None`: the network has not run."""
        return complete(self.skeleton, card)


class NetworkRestorer(MeasuredNetwork, TakesBatches):
    """A `torch.nn.Module` out of a Python file, (N, C, H, W) to (N, C, scale * H, scale * W).

    The file is code that is run, in the restorer's process alone; files beside it can be imported.
    Weights are read as weights only.

    Args:
        device: `cpu` or `cuda:N`.
        path: `FILE.py:CLASS`; without a class, the only network there that no other is made of.
        weights: The weight file.
        scale: Factor by which the network enlarges; measured where it is not given.
        channels: Planes the network takes, 3 or 1.
        size: Height and width, for a network that takes no other.
        strict: Whether every name of the network and of the file has to be in the other.
        tile_size: Height and width of a tile in degraded pixels; 0: whole images.
        overlap: Pixels that neighbouring tiles share.
        arguments: What the class is built with, lists as `[6;6;6]`; and what is said of any network
            (`restorers._specification`). `scale` and `channels` are handed on to a class that takes
            them.
    """

    def __init__(
        self,
        *,
        path: str,
        weights: str,
        device: str = "cpu",
        scale: int | None = None,
        channels: int | None = None,
        size: int = 0,
        strict: bool = True,
        tile_size: int = 512,
        overlap: int = 32,
        **arguments: object,
    ) -> None:
        """Imports the file, builds the network and loads its weights.

        Raises:
            InputError: A file is missing, the class takes other arguments, or the weights are not
                its own; the message says what differs.
        """
        file, name = _split(path)
        stem, found = require_file(weights, "weight file"), read_weights(weights)
        self._device, self._modules = device, TheirModules(file)
        given = {"scale": scale, "channels": channels, "size": size or None}
        known = {key: value for key, value in given.items() if value is not None}
        with self._modules as modules:
            cls = _choose(modules.load(), file, name)
            self._network = _build(cls, {**arguments, **known}, known)
            note = _fill(self._network, found, weights, strict=strict)
        self._network = self._network.to(device).eval()
        source = ", ".join(filter(None, (f"{cls.__name__} of {file.name}", note)))
        parameters = count_parameters(self._network)
        card = RestorerCard(stem, channels=(channels or 3,), parameters=parameters, source=source)
        said = {word: value for word, value in arguments.items() if word in WORDS}
        sides = (size, size) if size else None
        self.measure(path, card, said, tile_size, overlap, scale=scale, sides=sides)
        depends_on = hash_file(Path(weights)), self._modules.source_hash()
        self.card = replace(self.card, weights_sha256=depends_on)

    def feed(self, image: Image) -> Image:
        """Runs the network on float32 (C, H, W)."""
        with self._modules:
            return run_network(self._network, image, self._device)

    @staticmethod
    def look(path: str, weights: str, **parameters: object) -> None:
        """Refuses files that plainly cannot be loaded, before torch is imported.

        Raises:
            InputError: One is missing or of another kind, or the source is no Python.
        """
        file, _ = _split(path)
        require_file(weights, "weight file")
        check_words(parameters)
        try:
            ast.parse(file.read_bytes(), file.name)
        except (SyntaxError, ValueError) as error:
            raise InputError(f"{file} is no Python: {one_line(error)}") from error

    @staticmethod
    def suggest(source: str, weights: str) -> Suggestion:
        """Looks for the class and the arguments that weights were trained with.

        Args:
            source: The Python file.
            weights: The weight file.

        Raises:
            InputError: A file is missing, cannot be read, or has no network.
        """
        require_file(weights, "weight file")
        file, found = _split(source)[0], read_weights(weights)
        with TheirModules(file) as modules:
            known = _networks(modules.load())
            if not known:
                raise InputError(f"{file} has no torch.nn.Module")
            held = list(candidates(found))
            if not held:
                raise InputError(f"{weights} holds no named tensors, but a {type(found).__name__}")
            attempts = [search(cls, held) for cls in known.values()]
        best = min(attempts, key=lambda attempt: attempt.differences)
        said = ",".join(f"{key}={_text(value)}" for key, value in best.arguments.items())
        text = f"network:{file}:{best.cls}:weights={weights}{',' if said else ''}{said}"
        known_cls = known[best.cls]
        code = skeleton(known_cls, file, Path(weights), best.weights, best.arguments)
        if best.differences == 0:
            return Suggestion(text, code, best.weights.note())
        takes = ", ".join(map(str, inspect.signature(known_cls).parameters.values()))
        wrong = best.error or "; ".join(_differences(best.shapes, best.weights.state))
        wrong = f"{best.cls} takes {takes}; with these arguments: {wrong}"
        return Suggestion(text, code, best.weights.note(), wrong)


def _split(path: str) -> tuple[Path, str]:
    """The file and the name of a class, which may be empty."""
    file, name = (path, "") if path.endswith(".py") else path.rpartition(":")[::2]
    if not file.endswith(".py"):
        raise InputError(
            f"network:{path} names no Python file; expected network:FILE.py:CLASS:weights=FILE"
        )
    if not Path(file).is_file():
        raise InputError(f"Python file {file} does not exist")
    return Path(file), name


def _choose(module: Any, file: Path, name: str) -> Any:
    """The class: the one that is named, or the only module that no other is made of."""
    known = _networks(module)
    if name:
        cls = getattr(module, name, None)
        if not callable(cls):
            raise InputError(f"{file} has no {name!r}; its networks: {', '.join(known) or 'none'}")
        return cls
    source = file.read_text(encoding="utf-8", errors="replace")
    whole = [key for key in known if source.count(f"{key}(") == 1]
    if len(whole) != 1:
        raise InputError(
            f"{file} does not tell which network is meant: write network:{file}:CLASS, with CLASS "
            f"one of {', '.join(known) or 'none, for there is no torch.nn.Module'}"
        )
    return known[whole[0]]


def _networks(module: Any) -> dict[str, Any]:
    """The torch modules that a Python module defines itself."""
    from torch import nn

    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, nn.Module)
        and value.__module__ == module.__name__
    }


def _build(cls: Any, arguments: Mapping[str, object], ours: Mapping[str, object]) -> Module:
    """Calls the class with what it takes of what the user said."""
    parameters = inspect.signature(cls).parameters
    anything = any(item.kind is item.VAR_KEYWORD for item in parameters.values())
    taken = {
        key: _value(value)
        for key, value in arguments.items()
        if key in parameters or (anything and key not in (*WORDS, *ours))
    }
    takes = f"{cls.__name__} takes {', '.join(map(str, parameters.values())) or 'nothing'}"
    for key in arguments:
        if key not in taken and key not in (*WORDS, *ours):
            raise InputError(f"{takes}, and no {key!r}")
    try:
        network: Module = cls(**taken)
    except Exception as error:
        raise InputError(
            f"{cls.__name__} cannot be built: {one_line(error)}; {takes}; {_SEARCH}"
        ) from error
    return network


def _value(said: object) -> object:
    """`[6;6;6]` is a list; everything else is what it is."""
    if not (isinstance(said, str) and said.startswith("[") and said.endswith("]")):
        return said
    parts = said[1:-1].split(";")
    return [_number(part) for part in parts]


def _text(value: object) -> str:
    """How a value is written, so that `_value` reads it."""
    return f"[{';'.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _number(text: str) -> float | str:
    try:
        number = plain_number(text)
    except ValueError:
        return text
    return int(text) if text.strip().lstrip("-").isdigit() else number


def _fill(network: Module, found: object, path: str, *, strict: bool) -> str:
    """Loads weights, and says what was taken off or left out."""
    names = {key: tuple(value.shape) for key, value in network.state_dict().items()}

    def load(state: State) -> str:
        differences = _differences(names, state)
        if differences and (strict or not names.keys() & state.keys()):
            raise InputError(
                f"{path} has other weights than {type(network).__name__}: "
                f"{'; '.join(differences)}. Arguments of its class may differ from those that it "
                f"was trained with; {_SEARCH}; strict=false loads what fits"
            )
        fitting = {
            key: value for key, value in state.items() if names.get(key) == tuple(value.shape)
        }
        network.load_state_dict(fitting, strict=False)
        return f"loaded in part ({'; '.join(differences)})" if differences else ""

    note: str
    weights: Weights
    note, weights = fit(found, path, load)
    return ", ".join(filter(None, (note, weights.note())))


def _differences(names: Mapping[str, Sequence[int]], state: State) -> list[str]:
    """In what a network's weights, with their shapes by name, and a file's differ."""
    shapes = [
        f"{key} {tuple(state[key].shape)} for {names[key]}"
        for key in names.keys() & state.keys()
        if tuple(state[key].shape) != names[key]
    ]
    kinds = {
        "missing": sorted(names.keys() - state.keys()),
        "not of the network": sorted(state.keys() - names.keys()),
        "of another shape": sorted(shapes),
    }
    return [
        f"{len(items)} {kind} ({', '.join(items[:_SHOWN])}{', ...' if len(items) > _SHOWN else ''})"
        for kind, items in kinds.items()
        if items
    ]
