"""What lies in a weight file besides weights: containers, and prefixes that tools put before names.

A part of a checkpoint is taken only where what is left out belongs to no network that restores.
"""

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from harness.errors import InputError
from restorers._archives import is_torchscript
from restorers._network_file import one_line
from restorers._torch import Tensor

T = TypeVar("T")
State = dict[str, Tensor]

_AVERAGED = re.compile(r"ema|averaged|shadow|swa", re.IGNORECASE)
"""A running mean of the weights, which is what authors publish and test."""

_NETWORK = re.compile(
    r"_orig_mod|module|model|net|network|params|state_dict|model_state_dict|weights"
    r"|net_?g|generator|g|student|\w*ema\w*|shadow\w*|swa_?\w*|averaged_?\w*"
    r"|online(_\w+)?|(base|raw|inner|wrapped)_(model|module|net|network)",
    re.IGNORECASE,
)
"""What tools and trainers call the network that restores."""

_BESIDE = re.compile(
    r"net_?d\w*|d\d*|disc\w*|\w*loss\w*|criterion\w*|percep\w*|lpips\w*|vgg\w*|teacher\w*"
    r"|n_averaged|(num_)?updates|decay|initted|\w*steps?(_counter)?|epochs?|iter(ation)?s?"
    r"|\w*psnr\w*|\w*ssim\w*|\w*metric\w*"
    r"|data_preprocessor|opt\w*|\w*sched\w*",
    re.IGNORECASE,
)
"""What stands beside it in a checkpoint and restores nothing."""

_WRAPPERS = (
    "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module",
)  # fmt: skip
"""What torch and Lightning put before the names of any part of a network that they wrap."""

_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Weights:
    """Named tensors, and what had to be taken off to find them.

    Attributes:
        container: The keys that led to them, joined by dots.
        prefix: What stood before every name.
        inside: What stood within names, before those of a part.
    """

    state: State
    container: str = ""
    prefix: str = ""
    inside: str = ""

    def note(self) -> str:
        """What was taken off, for a card; empty: nothing."""
        parts = (
            f"from {self.container!r}" if self.container else "",
            f"without the prefix {self.prefix!r}" if self.prefix else "",
            f"without {self.inside!r} within names" if self.inside else "",
        )
        return ", ".join(filter(None, parts))


def fit(found: object, path: str, load: Callable[[State], T]) -> tuple[T, Weights]:
    """Loads the first weights in a file's content that fit.

    Args:
        found: What torch has read.
        path: The file, for messages.
        load: Builds or fills a network; raises where these are not its weights.

    Returns:
        What `load` returned, and the weights that it took.

    Raises:
        InputError: There are no named tensors.
        Exception: What `load` said of the first weights, where none fit.
    """
    first: Exception | None = None
    for weights in candidates(found):
        try:
            return load(weights.state), weights
        except Exception as error:  # libraries raise many types
            first = first or error
    if first is None:
        kind = type(found).__name__
        raise InputError(
            f"{path} cannot be read as weights: it holds no named tensors, but a {kind}"
        )
    raise first


def read_weights(path: str) -> object:
    """Reads a file of torch or of safetensors, whatever it is called; no code in it is executed.

    Raises:
        InputError: It is neither, is damaged, or holds more than weights.
    """
    import pickle

    if _is_cut_short(path):
        raise InputError(f"{path} cannot be read as weights: it lacks its end: download it again")
    if is_torchscript(path):
        raise InputError(f"{path} is a program of TorchScript, and no weights: name it .ts")
    try:
        if _is_safetensors(path):
            from safetensors.torch import load_file

            return load_file(path)
        import torch

        with Path(path).open("rb") as file:  # by its name torch would take it for what it is not
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # torch's own message says how to load it all the same
        named = re.search(r"(?:GLOBAL|global|class|function)[: ]+([\w.]+\.[\w.]+)", str(error))
        if named is None:
            raise InputError(
                f"{path} cannot be read as weights: it is no checkpoint of torch, or damaged"
            ) from None
        raise InputError(
            f"{path} is refused: it holds more than weights ({named[1]}), and would run code; save "
            "its tensors as .safetensors"
        ) from None
    except Exception as error:  # damaged archives raise many types
        why = f"{type(error).__name__}: {one_line(error)}"
        if re.search(r"weights_only|enforce fail", why):  # what torch says of itself, and advises
            why = "it is no checkpoint of torch, or damaged"
        raise InputError(f"{path} cannot be read as weights: {why}") from error


def _is_safetensors(path: str) -> bool:
    """Whether a file begins as such: the length of its header, and the header, which is JSON."""
    with Path(path).open("rb") as file:
        begins = file.read(9)
    return begins[8:] == b"{" and int.from_bytes(begins[:8], "little") < 2**27


def _is_cut_short(path: str) -> bool:
    """Whether a file begins as an archive and does not end as one."""
    with Path(path).open("rb") as file:
        return file.read(4) == b"PK\3\4" and not zipfile.is_zipfile(path)


def candidates(found: object) -> Iterator[Weights]:
    """All named tensors in a file's content, likely ones first; also without their prefixes."""
    for container, state in _states(found, ()):
        for inside, names in _unwrapped(state):
            yield Weights(names, container, inside=inside)
            for prefix, inner in _without_prefix(names, ""):
                yield Weights(inner, container, prefix, inside)


def _unwrapped(state: State) -> Iterator[tuple[str, State]]:
    """The weights as they are, and without what wraps parts of a network.

    `module` comes last: networks of their own have parts of that name.
    """
    yield "", state
    for wrappers in (_WRAPPERS, (*_WRAPPERS, "module")):
        parts = {key: key.split(".") for key in state}
        found = [name for name in wrappers if any(name in said for said in parts.values())]
        names = {
            ".".join(part for part in said if part not in found): state[key]
            for key, said in parts.items()
        }
        if found and len(names) == len(state):
            yield ", ".join(f"{name}." for name in found), names


def _states(node: object, above: tuple[str, ...]) -> Iterator[tuple[str, State]]:
    """Every dictionary of tensors: running means first, and no optimiser's."""
    import torch

    if not isinstance(node, Mapping) or len(above) > _DEPTH:
        return
    named = {key: value for key, value in node.items() if isinstance(key, str)}
    state = {key: value for key, value in named.items() if isinstance(value, torch.Tensor)}
    if state:
        yield ".".join(above), state
    for key in sorted(named, key=_preference):
        if not _BESIDE.fullmatch(key):
            yield from _states(named[key], (*above, key))


def _without_prefix(state: State, taken: str) -> Iterator[tuple[str, State]]:
    """The weights under a first part of their names that all share, or that tools add."""
    groups = dict.fromkeys(key.partition(".")[0] for key in state if "." in key)
    others = {key for key in state if "." not in key}
    for name in sorted(groups, key=_preference):
        left_out = (groups.keys() | others) - {name}
        shared = not left_out and not name.isdecimal()
        known = _NETWORK.fullmatch(name) and not _BESIDE.fullmatch(name)
        if taken.count(".") < _DEPTH and (shared or (known and all(map(_goes, left_out)))):
            prefix = f"{name}."
            inner = {key[len(prefix) :]: state[key] for key in state if key.startswith(prefix)}
            yield taken + prefix, inner
            yield from _without_prefix(inner, taken + prefix)


def _goes(name: str) -> bool:
    """Whether what has this name may be left out: it restores nothing, or is another version."""
    return bool(_BESIDE.fullmatch(name) or _NETWORK.fullmatch(name))


def _preference(name: str) -> int:
    if _AVERAGED.search(name):
        return 0
    return 1 if _NETWORK.fullmatch(name) else 2
